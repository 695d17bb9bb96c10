#include "daemon/cli/policy_case.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/policy/actions.hpp"
#include "config/principals.hpp"
#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

using nlohmann::json;

constexpr std::uintmax_t kMaxCasesBytes = 16U * 1024 * 1024;
constexpr std::uintmax_t kMaxPolicyBytes = 128U * 1024;
constexpr std::string_view kTemplateKey = "acm-pca:TemplateArn";

std::string read_whole(const std::filesystem::path& file, std::uintmax_t limit) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) {
    throw Failure{"the file cannot be read: " + error.message(), file.string(), ""};
  }
  if (size > limit) {
    throw Failure{"the file is larger than " + std::to_string(limit) + " bytes", file.string(), ""};
  }
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::string text_of(const json& value, const std::string& member) {
  if (!value.is_string()) {
    throw Failure{"'" + member + "' must be a string", "", ""};
  }
  return value.get<std::string>();
}

std::vector<std::string> texts_of(const json& value, const std::string& member) {
  if (!value.is_array()) {
    return {text_of(value, member)};
  }
  std::vector<std::string> texts;
  for (const json& element : value) {
    texts.push_back(text_of(element, member));
  }
  return texts;
}

void read_member(PolicyCase& read, const std::filesystem::path& folder, const std::string& member,
                 const json& value) {
  if (member == "name") {
    read.name = text_of(value, member);
  } else if (member == "principal") {
    read.principal = text_of(value, member);
  } else if (member == "action") {
    read.action = text_of(value, member);
  } else if (member == "resource") {
    read.resource = text_of(value, member);
  } else if (member == "resource_policy") {
    read.resource_policy = folder / text_of(value, member);
  } else if (member == "source_ip") {
    read.source_ip = text_of(value, member);
  } else if (member == "at") {
    read.at = text_of(value, member);
  } else if (member == "expect" && (value == "allow" || value == "deny")) {
    read.expected = value == "allow";
  } else if (member == "expect") {
    throw Failure{"'expect' must be \"allow\" or \"deny\"", "", ""};
  } else if (member == "context" && value.is_object()) {
    for (const auto& [key, values] : value.items()) {
      read.context[key] = texts_of(values, key);
    }
  } else if (member == "context") {
    throw Failure{"'context' must be an object of condition keys", "", ""};
  } else {
    throw Failure{"unknown member '" + member + "'", "", ""};
  }
}

// What the proof of identity, the connection and the clock say: no request can say it otherwise.
void refuse_answered(const std::string& key) {
  static constexpr std::string_view kAnswered[] = {
      "aws:PrincipalArn",    "aws:PrincipalAccount", "aws:PrincipalType", "aws:username",
      "aws:SourceIp",        "aws:CurrentTime",      "aws:EpochTime",     "aws:RequestedRegion",
      "aws:SecureTransport", "aws:ResourceAccount"};
  if (std::find(std::begin(kAnswered), std::end(kAnswered), key) != std::end(kAnswered)) {
    throw Failure{
        "the condition key " + key + " is answered by the principal, the resource or the connection", "",
        "use --principal, --resource, --source-ip or --at (in a file: the members of those names)"};
  }
}

std::string account_of(const std::string& resource) {
  const auto parts = ca::split(resource, ':');
  return parts.size() >= 6 && parts[0] == "arn" ? parts[4] : std::string{};
}

std::string region_of(const std::string& resource) {
  const auto parts = ca::split(resource, ':');
  return parts.size() >= 6 && parts[0] == "arn" ? parts[3] : std::string{};
}

// "EndEntityCertificate/V1" for short.
std::string template_arn(const std::string& given, const std::string& partition) {
  return given.starts_with("arn:") ? given : "arn:" + partition + ":acm-pca:::template/" + given;
}

ca::TimePoint time_of(const std::string& at) {
  if (at.empty()) {
    return ca::SystemClock{}.now();
  }
  const auto seconds = ca::parse_date(at);
  constexpr double kYear9999 = 253402300799.0;
  if (!seconds || *seconds < 0 || *seconds > kYear9999) {
    throw Failure{"'" + at + "' is no time", "",
                  "write 2026-11-24T12:00:00Z, 2026-11-24 or seconds since 1970"};
  }
  return ca::TimePoint{std::chrono::seconds{static_cast<std::int64_t>(*seconds)}};
}

}  // namespace

std::vector<PolicyCase> read_policy_cases(const std::filesystem::path& file) {
  const json document = json::parse(read_whole(file, kMaxCasesBytes), nullptr, false);
  if (!document.is_array()) {
    throw Failure{"the cases are not a JSON array", file.string(), ""};
  }
  std::vector<PolicyCase> cases;
  for (const json& object : document) {
    const std::string place = file.string() + ", case " + std::to_string(cases.size() + 1);
    if (!object.is_object()) {
      throw Failure{"a case must be an object", place, ""};
    }
    PolicyCase read;
    try {
      for (const auto& [member, value] : object.items()) {
        read_member(read, file.parent_path(), member, value);
      }
    } catch (const Failure& wrong) {
      throw Failure{wrong.what(), place, ""};
    }
    if (!read.expected) {
      throw Failure{"'expect' is missing", place, "write \"allow\" or \"deny\""};
    }
    cases.push_back(std::move(read));
  }
  return cases;
}

PolicyDesk::PolicyDesk(const std::filesystem::path& principals, std::string partition)
    : principals_{config::load_principals(principals, partition).policy_principals()},
      partition_{std::move(partition)},
      engine_{principals_} {}

const ca::Principal& PolicyDesk::named(const std::string& name) const {
  const ca::Principal* found = nullptr;
  for (const ca::Principal& principal : principals_) {
    if (principal.account + "/" + principal.name == name) {
      return principal;
    }
    if (principal.name == name) {
      if (found != nullptr) {
        throw Failure{"several accounts have a principal '" + name + "'", "",
                      "name the account as well: " + principal.account + "/" + name};
      }
      found = &principal;
    }
  }
  if (found == nullptr) {
    throw Failure{"there is no principal '" + name + "' in the principals file", "", ""};
  }
  return *found;
}

PolicyOutcome PolicyDesk::decide(const PolicyCase& question) const {
  const ca::Principal& principal = named(question.principal);
  const auto actions = ca::all_actions();
  if (std::find(actions.begin(), actions.end(), question.action) == actions.end()) {
    throw Failure{"'" + question.action + "' is no action", "",
                  "write acm-pca:IssueCertificate, for example"};
  }
  const ca::Caller caller{.account = principal.account,
                          .principal = principal.name,
                          .principal_arn = principal.arn,
                          .region = region_of(question.resource),
                          .source_ip = question.source_ip};
  ca::AuthorizationRequest request{.caller = caller,
                                   .action = question.action,
                                   .resource = question.resource,
                                   .now = time_of(question.at),
                                   .resource_account = account_of(question.resource)};
  for (const auto& [name, values] : question.context) {
    const auto key = ca::find_condition_key(name);
    if (!key) {
      throw Failure{"'" + name + "' is no condition key", "", "docs/policies.md lists them"};
    }
    refuse_answered(key->name);
    for (const std::string& value : values) {
      request.context[key->name].push_back(key->name == kTemplateKey ? template_arn(value, partition_)
                                                                     : value);
    }
  }
  std::optional<ca::PolicyDocument> attached;
  if (!question.resource_policy.empty()) {
    attached = ca::PolicyDocument::parse_resource(question.resource_policy.filename().string(),
                                                  read_whole(question.resource_policy, kMaxPolicyBytes));
    request.resource_policy = &*attached;
  }
  return {engine_.decide(request), engine_.explain(request)};
}

}  // namespace cli
