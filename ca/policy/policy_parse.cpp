#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/policy/actions.hpp"
#include "ca/policy/policy_document.hpp"
#include "ca/policy/template_names.hpp"

// The IAM JSON policy grammar, as far as we decide by it (IAM User Guide, "Grammar of the IAM JSON policy
// language"). What would not be honoured is refused here: a condition that is read but ignored would grant.
namespace ca {
namespace {

using nlohmann::json;
using Statement = PolicyDocument::Statement;

constexpr std::size_t kMaxBytes = 128 * 1024;
constexpr int kMaxDepth = 8;  // the grammar needs 6
constexpr std::string_view kTemplateArn = "acm-pca:TemplateArn";
constexpr std::size_t kMaxSidBytes = 128;
constexpr std::size_t kMaxShownBytes = 64;  // of a name that the file made up, in an explanation

enum class DocumentKind { identity, resource, trust };

// Where in which file we are, for every explanation.
struct Place {
  std::string text;  // "policy x.json, statement 2"

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error{Code::invalid_policy, text + ": " + what};
  }
};

std::string shown(std::string_view name) {
  std::string text{name.substr(0, kMaxShownBytes)};
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return '\'' + text + (name.size() > kMaxShownBytes ? "...'" : "'");
}

// A repeated key would let one reader see another policy than the next.
json parse_json(const Place& place, std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&keys, &place](int depth, json::parse_event_t event, const json& value) {
    if (depth > kMaxDepth) {
      place.refuse("nested deeper than a policy can be");
    }
    if (event == json::parse_event_t::object_start) {
      keys.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys.pop_back();
    } else if (event == json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      place.refuse("element " + shown(value.get<std::string>()) + " is repeated in one object");
    }
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::parse_error& error) {
    place.refuse("not JSON, at byte " + std::to_string(error.byte));
  } catch (const json::exception&) {
    place.refuse("not JSON: a number is out of range");
  }
}

void refuse_unknown_elements(const Place& place, const json& object,
                             std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    if (name == "Principal") {
      place.refuse(
          "'Principal' belongs to resource policies; this policy speaks for the principal it is given to");
    }
    if (name == "NotPrincipal") {
      place.refuse("'NotPrincipal' is not supported: name whom is meant with 'Principal' and conditions");
    }
    place.refuse("unknown element " + shown(name));
  }
}

std::string string_of(const Place& place, const json& value, const std::string& what) {
  if (!value.is_string()) {
    place.refuse(what + " must be a string");
  }
  std::string text = value.get<std::string>();
  // Taken literally, a variable would quietly never match: a Deny that does not deny.
  if (text.find("${") != std::string::npos) {
    place.refuse(what + " has a policy variable (${...}), which is not supported");
  }
  return text;
}

// A string or a list of strings.
std::vector<std::string> strings_of(const Place& place, const json& value, const std::string& what) {
  if (!value.is_array()) {
    return {string_of(place, value, what)};
  }
  if (value.empty()) {
    place.refuse(what + " is an empty list");
  }
  std::vector<std::string> strings;
  for (const json& element : value) {
    strings.push_back(string_of(place, element, what));
  }
  return strings;
}

const json& required(const Place& place, const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) {
    place.refuse(std::string{"'"} + name + "' is missing");
  }
  return *found;
}

// `Name` or `NotName`, exactly one of the two. `negated` says which.
std::vector<std::string> one_of_two(const Place& place, const json& statement, const std::string& name,
                                    bool& negated) {
  const std::string not_name = "Not" + name;
  negated = statement.contains(not_name);
  if (negated && statement.contains(name)) {
    place.refuse("'" + name + "' and '" + not_name + "' stand beside each other: keep one");
  }
  const std::string& given = negated ? not_name : name;
  return strings_of(place, required(place, statement, given.c_str()), "'" + given + "'");
}

void check_action(const Place& place, const std::string& action) {
  // A misspelt action would quietly never match: a Deny that does not deny.
  const auto matches = [lower = ascii_lower(action)](std::string_view known) {
    return matches_wildcard(lower, ascii_lower(known));
  };
  if (std::none_of(all_actions().begin(), all_actions().end(), matches)) {
    place.refuse("action " + shown(action) +
                 " matches no operation: write '*', 'acm-pca:IssueCertificate' or 'acm-pca:Get*'");
  }
}

void check_resource(const Place& place, const std::string& resource) {
  if (resource != "*" && !resource.starts_with("arn:")) {
    place.refuse("resource " + shown(resource) + " must be '*' or begin with 'arn:'");
  }
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

PrincipalPattern read_aws_principal(const Place& place, const std::string& text) {
  if (text == "*") {
    return {PrincipalPattern::Kind::anyone, text};
  }
  if (is_account(text)) {
    return {PrincipalPattern::Kind::account, text};
  }
  const auto parts = split(text, ':');
  const bool arn = parts.size() == 6 && parts[0] == "arn" && (parts[2] == "iam" || parts[2] == "sts") &&
                   is_account(parts[4]) && text.find('*') == std::string::npos;
  if (!arn) {
    place.refuse(
        "principal " + shown(text) +
        " must be '*', an account of 12 digits, or the ARN of an account's root, a user, a role or a "
        "session, without wildcards");
  }
  if (parts[2] == "iam" && parts[5] == "root") {
    return {PrincipalPattern::Kind::account, parts[4]};
  }
  return {PrincipalPattern::Kind::arn, text};
}

std::vector<PrincipalPattern> read_principals(const Place& place, const json& statement) {
  const json& principal = required(place, statement, "Principal");
  if (principal.is_string()) {
    if (principal != "*") {
      place.refuse("'Principal' must be '*' or an object such as {\"AWS\": \"123456789012\"}");
    }
    return {{PrincipalPattern::Kind::anyone, "*"}};
  }
  if (!principal.is_object() || principal.empty()) {
    place.refuse("'Principal' must be '*' or an object such as {\"AWS\": \"123456789012\"}");
  }
  std::vector<PrincipalPattern> patterns;
  for (const auto& [kind, values] : principal.items()) {
    for (const std::string& value : strings_of(place, values, "the principal")) {
      if (kind == "AWS") {
        patterns.push_back(read_aws_principal(place, value));
      } else if (kind == "Service") {
        patterns.push_back({PrincipalPattern::Kind::service, value});
      } else {
        place.refuse("principals of the kind " + shown(kind) + " do not exist here: 'AWS' and 'Service' do");
      }
    }
  }
  return patterns;
}

Condition read_operator(const Place& place, const std::string& name) {
  auto condition = parse_operator(name);
  if (!condition) {
    place.refuse("unknown condition operator " + shown(name));
  }
  return *std::move(condition);
}

// Numbers and truth values may stand without quotation marks.
std::vector<std::string> condition_values(const Place& place, const json& values, const std::string& what) {
  const auto text_of_value = [&](const json& value) {
    return value.is_boolean() || value.is_number() ? value.dump() : string_of(place, value, what);
  };
  if (!values.is_array()) {
    return {text_of_value(values)};
  }
  if (values.empty()) {
    place.refuse(what + " is an empty list");
  }
  std::vector<std::string> texts;
  for (const json& value : values) {
    texts.push_back(text_of_value(value));
  }
  return texts;
}

void check_condition_value(const Place& place, const Condition& condition, const std::string& value) {
  if (!is_value_of(condition.comparison, value)) {
    place.refuse("the value " + shown(value) + " of " + condition.text() + " has not the operator's form");
  }
  // A misspelt template would quietly never match: a Deny that does not deny.
  if (condition.key.name == kTemplateArn && condition.comparison != Condition::Comparison::null &&
      !speaks_of_a_template(condition, value)) {
    place.refuse(
        "the value " + shown(value) + " of " + condition.text() +
        " matches no certificate template: write arn:aws:acm-pca:::template/EndEntityCertificate/V1, "
        "or a pattern under StringLike or ArnLike");
  }
}

Condition read_condition(const Place& place, Condition condition, const std::string& key,
                         const json& values) {
  const auto known = find_condition_key(key);
  if (!known) {
    place.refuse("unknown condition key " + shown(key));
  }
  condition.key = *known;
  if (!fits(condition.comparison, condition.key.type)) {
    place.refuse("the operator of " + condition.text() + " says nothing about such a key");
  }
  condition.values = condition_values(place, values, "the value of " + condition.key.name);
  for (const std::string& value : condition.values) {
    check_condition_value(place, condition, value);
  }
  return condition;
}

std::vector<Condition> read_conditions(const Place& place, const json& statement) {
  const auto found = statement.find("Condition");
  if (found == statement.end()) {
    return {};
  }
  if (!found->is_object() || found->empty()) {
    place.refuse("'Condition' must be an object with at least one operator");
  }
  std::vector<Condition> conditions;
  for (const auto& [name, keys] : found->items()) {
    const Condition prototype = read_operator(place, name);
    if (!keys.is_object() || keys.empty()) {
      place.refuse("condition " + name + " must be an object with at least one condition key");
    }
    for (const auto& [key, values] : keys.items()) {
      conditions.push_back(read_condition(place, prototype, key, values));
    }
  }
  return conditions;
}

std::string read_sid(const Place& place, const json& statement) {
  const auto found = statement.find("Sid");
  if (found == statement.end()) {
    return {};
  }
  std::string sid = string_of(place, *found, "'Sid'");
  const bool plain = std::all_of(sid.begin(), sid.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plain || sid.size() > kMaxSidBytes) {
    place.refuse("'Sid' must be at most 128 letters, digits, '-' and '_'");
  }
  return sid;
}

Statement read_statement(const std::string& document, const json& object, std::size_t number,
                         DocumentKind kind) {
  Place place{document + ", statement " + std::to_string(number)};
  if (!object.is_object()) {
    place.refuse("a statement must be an object");
  }
  Statement statement;
  statement.sid = read_sid(place, object);
  if (!statement.sid.empty()) {
    place.text += " (" + statement.sid + ")";
  }
  switch (kind) {
    case DocumentKind::identity:
      refuse_unknown_elements(
          place, object, {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"});
      break;
    case DocumentKind::resource:
      refuse_unknown_elements(
          place, object,
          {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"});
      statement.principals = read_principals(place, object);
      break;
    case DocumentKind::trust:
      refuse_unknown_elements(place, object,
                              {"Sid", "Effect", "Principal", "Action", "NotAction", "Condition"});
      statement.principals = read_principals(place, object);
      break;
  }
  const std::string effect = string_of(place, required(place, object, "Effect"), "'Effect'");
  if (effect != "Allow" && effect != "Deny") {
    place.refuse("'Effect' must be 'Allow' or 'Deny'");
  }
  statement.allow = effect == "Allow";
  statement.actions = one_of_two(place, object, "Action", statement.not_actions);
  for (const std::string& action : statement.actions) {
    check_action(place, action);
  }
  statement.resources = kind == DocumentKind::trust
                            ? std::vector<std::string>{"*"}
                            : one_of_two(place, object, "Resource", statement.not_resources);
  for (const std::string& resource : statement.resources) {
    check_resource(place, resource);
  }
  statement.conditions = read_conditions(place, object);
  return statement;
}

std::vector<Statement> read_document(const std::string& name, std::string_view json_text, DocumentKind kind) {
  const Place place{"policy " + name};
  if (json_text.size() > kMaxBytes) {
    place.refuse("larger than 128 KiB");
  }
  const json document = parse_json(place, json_text);
  if (!document.is_object()) {
    place.refuse("a policy must be a JSON object");
  }
  refuse_unknown_elements(place, document, {"Version", "Id", "Statement"});
  if (string_of(place, required(place, document, "Version"), "'Version'") != "2012-10-17") {
    place.refuse("'Version' must be '2012-10-17'");
  }
  if (const auto id = document.find("Id"); id != document.end()) {
    (void)string_of(place, *id, "'Id'");
  }
  const json& statements = required(place, document, "Statement");
  if (statements.is_object()) {
    return {read_statement(place.text, statements, 1, kind)};
  }
  if (!statements.is_array() || statements.empty()) {
    place.refuse("'Statement' must be a statement or a list of at least one");
  }
  std::vector<Statement> all;
  std::set<std::string> sids;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    all.push_back(read_statement(place.text, statements[i], i + 1, kind));
    const std::string& sid = all.back().sid;
    // AWS's own samples of resource policies repeat the Sid "1".
    if (kind == DocumentKind::identity && !sid.empty() && !sids.insert(sid).second) {
      place.refuse("two statements have the Sid '" + sid + "'");
    }
  }
  return all;
}

}  // namespace

PolicyDocument PolicyDocument::parse(const std::string& name, std::string_view json_text) {
  return PolicyDocument{name, read_document(name, json_text, DocumentKind::identity)};
}

PolicyDocument PolicyDocument::parse_resource(const std::string& name, std::string_view json_text) {
  return PolicyDocument{name, read_document(name, json_text, DocumentKind::resource)};
}

PolicyDocument PolicyDocument::parse_trust(const std::string& name, std::string_view json_text) {
  return PolicyDocument{name, read_document(name, json_text, DocumentKind::trust)};
}

}  // namespace ca
