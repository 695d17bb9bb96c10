#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/policy/actions.hpp"
#include "ca/policy/policy.hpp"

// The IAM JSON policy grammar, as far as we decide by it (IAM User Guide, "Grammar of the IAM JSON policy
// language"). What would not be honoured is refused here: a condition that is read but ignored would grant.
namespace ca {
namespace {

using nlohmann::json;
using Condition = PolicyDocument::Condition;
using Operator = Condition::Operator;
using Statement = PolicyDocument::Statement;

constexpr std::size_t kMaxBytes = 128 * 1024;
constexpr int kMaxDepth = 8;  // the grammar needs 6
constexpr std::size_t kMaxSidBytes = 128;
constexpr std::size_t kMaxShownBytes = 64;  // of a name that the file made up, in an explanation

constexpr std::array<std::string_view, 5> kConditionKeys = {
    "acm-pca:TemplateArn", "chancery:DeviceId", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceIp"};

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
    if (name == "Principal" || name == "NotPrincipal") {
      place.refuse("'" + name +
                   "' belongs to resource policies; this policy speaks for the principal it is given to");
    }
    if (name == "NotAction" || name == "NotResource") {
      place.refuse("'" + name + "' is not supported: name what is meant with '" + name.substr(3) + "'");
    }
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      place.refuse("unknown element " + shown(name));
    }
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

std::vector<std::string> read_actions(const Place& place, const json& statement) {
  std::vector<std::string> actions = strings_of(place, required(place, statement, "Action"), "'Action'");
  for (const std::string& action : actions) {
    // A misspelt action would quietly never match: a Deny that does not deny.
    const auto matches = [lower = ascii_lower(action)](std::string_view known) {
      return matches_wildcard(lower, ascii_lower(known));
    };
    if (std::none_of(all_actions().begin(), all_actions().end(), matches)) {
      place.refuse("action " + shown(action) +
                   " matches no operation: write '*', 'acm-pca:IssueCertificate' or 'acm-pca:Get*'");
    }
  }
  return actions;
}

std::vector<std::string> read_resources(const Place& place, const json& statement) {
  std::vector<std::string> resources =
      strings_of(place, required(place, statement, "Resource"), "'Resource'");
  for (const std::string& resource : resources) {
    if (resource != "*" && !resource.starts_with("arn:")) {
      place.refuse("resource " + shown(resource) + " must be '*' or begin with 'arn:'");
    }
  }
  return resources;
}

// Names only the operator; values and key follow.
Condition read_operator(const Place& place, const std::string& name) {
  static constexpr std::string_view kIfExists = "IfExists";
  std::string_view base{name};
  const bool if_exists = base.ends_with(kIfExists);
  if (if_exists) {
    base.remove_suffix(kIfExists.size());
  }
  static constexpr std::array<std::pair<std::string_view, Operator>, 4> kOperators = {
      {{"StringEquals", Operator::string_equals},
       {"StringNotEquals", Operator::string_not_equals},
       {"StringLike", Operator::string_like},
       {"StringNotLike", Operator::string_not_like}}};
  for (const auto& [known, op] : kOperators) {
    if (base == known) {
      return {op, if_exists, {}, {}};
    }
  }
  place.refuse(
      "unknown condition operator " + shown(name) +
      "; known are StringEquals, StringNotEquals, StringLike, StringNotLike, each also with IfExists");
}

// Condition keys are matched without case; decisions need one spelling.
std::string read_condition_key(const Place& place, const std::string& name) {
  const std::string lower = ascii_lower(name);
  for (const std::string_view known : kConditionKeys) {
    if (ascii_lower(known) == lower) {
      return std::string{known};
    }
  }
  place.refuse("unknown condition key " + shown(name));
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
      Condition condition = prototype;
      condition.key = read_condition_key(place, key);
      condition.values = strings_of(place, values, "the value of " + condition.key);
      conditions.push_back(std::move(condition));
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

Statement read_statement(const std::string& document, const json& object, std::size_t number) {
  Place place{document + ", statement " + std::to_string(number)};
  if (!object.is_object()) {
    place.refuse("a statement must be an object");
  }
  Statement statement;
  statement.sid = read_sid(place, object);
  if (!statement.sid.empty()) {
    place.text += " (" + statement.sid + ")";
  }
  refuse_unknown_elements(place, object, {"Sid", "Effect", "Action", "Resource", "Condition"});
  const std::string effect = string_of(place, required(place, object, "Effect"), "'Effect'");
  if (effect != "Allow" && effect != "Deny") {
    place.refuse("'Effect' must be 'Allow' or 'Deny'");
  }
  statement.allow = effect == "Allow";
  statement.actions = read_actions(place, object);
  statement.resources = read_resources(place, object);
  statement.conditions = read_conditions(place, object);
  return statement;
}

}  // namespace

PolicyDocument PolicyDocument::parse(const std::string& name, std::string_view json_text) {
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
  PolicyDocument policy;
  policy.name_ = name;
  if (statements.is_object()) {
    policy.statements_.push_back(read_statement(place.text, statements, 1));
    return policy;
  }
  if (!statements.is_array() || statements.empty()) {
    place.refuse("'Statement' must be a statement or a list of at least one");
  }
  std::set<std::string> sids;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    policy.statements_.push_back(read_statement(place.text, statements[i], i + 1));
    const std::string& sid = policy.statements_.back().sid;
    if (!sid.empty() && !sids.insert(sid).second) {
      place.refuse("two statements have the Sid '" + sid + "'");
    }
  }
  return policy;
}

}  // namespace ca
