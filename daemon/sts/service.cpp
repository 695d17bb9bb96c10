#include "daemon/sts/service.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/strings.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/sts/documents.hpp"
#include "daemon/sts/errors.hpp"
#include "daemon/sts/form.hpp"

namespace sts {
namespace {

using ca::Code;
using ca::Error;
using http::HttpRequest;
using http::HttpResponse;
using std::chrono::seconds;

constexpr const char* kVersion = "2011-06-15";
// AWS STS API Reference, AssumeRole.
constexpr std::size_t kMaxRoleArn = 2048;
constexpr std::size_t kMaxPolicy = 2048;
constexpr std::size_t kMaxExternalId = 1224;
constexpr seconds kMinDuration{900};
constexpr seconds kMaxDuration{43200};
constexpr seconds kDefaultDuration{3600};
constexpr seconds kMaxChained{3600};  // when a session assumes a role

// What is asked for with these would not be honoured, so it is refused.
constexpr std::string_view kUnserved[] = {"PolicyArns", "Tags",           "TransitiveTagKeys", "SerialNumber",
                                          "TokenCode",  "SourceIdentity", "ProvidedContexts"};

[[noreturn]] void refuse_parameter(const std::string& name, const std::string& why) {
  throw Error{Code::constraint_violation, "Value at '" + name + "' failed to satisfy constraint: " + why};
}

bool all_of(const std::string& text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

// Empty when absent; `least` 0: may be absent.
std::string text_parameter(const std::map<std::string, std::string>& parameters, const std::string& name,
                           std::size_t least, std::size_t most) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) {
    if (least > 0) {
      refuse_parameter(name, "Member must not be null");
    }
    return {};
  }
  if (found->second.size() < std::max<std::size_t>(least, 1) || found->second.size() > most) {
    refuse_parameter(name, "Member must have length between " +
                               std::to_string(std::max<std::size_t>(least, 1)) + " and " +
                               std::to_string(most));
  }
  return found->second;
}

std::string session_name(const std::map<std::string, std::string>& parameters) {
  std::string name = text_parameter(parameters, "RoleSessionName", 2, 64);
  if (!all_of(name, "_+=,.@-")) {
    refuse_parameter("RoleSessionName", "Member must satisfy regular expression pattern: [\\w+=,.@-]*");
  }
  return name;
}

seconds duration(const std::map<std::string, std::string>& parameters, const ca::Caller& caller,
                 const Role& role) {
  const auto found = parameters.find("DurationSeconds");
  const seconds most =
      caller.session_arn.empty() ? role.max_session : std::min(role.max_session, kMaxChained);
  if (found == parameters.end()) {
    return std::min(kDefaultDuration, most);
  }
  std::int64_t wanted = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
  if (error != std::errc{} || end != text.data() + text.size() || wanted < kMinDuration.count() ||
      wanted > kMaxDuration.count()) {
    refuse_parameter("DurationSeconds", "Member must have value between 900 and 43200");
  }
  if (seconds{wanted} > most) {
    throw Error{Code::constraint_violation,
                caller.session_arn.empty()
                    ? "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                    : "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
                      "role chaining."};
  }
  return seconds{wanted};
}

// A stable id in the form of IAM's, which clients show and compare.
std::string unique_id(const std::string& prefix, const std::string& arn) {
  std::string hex = ca::to_hex(ca::sha256(ca::bytes_of(arn))).substr(0, 17);
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return prefix + hex;
}

std::string account_of(const std::string& arn) {
  const auto parts = ca::split(arn, ':');
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "iam" || !parts[5].starts_with("role/")) {
    throw Error{Code::constraint_violation, arn.substr(0, 100) + " is invalid"};
  }
  return parts[4];
}

std::map<std::string, Role> by_arn(std::vector<Role> roles) {
  std::map<std::string, Role> named;
  for (Role& role : roles) {
    std::string arn = role.arn;
    named.insert_or_assign(std::move(arn), std::move(role));
  }
  return named;
}

}  // namespace

struct Service::Progress {
  std::string action;
  std::string resource = "*";
  std::optional<ca::Caller> caller;
};

Service::Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                 const ca::PolicyEngine& policy, const ca::Clock& clock, std::vector<Role> roles,
                 Observer observer)
    : authorities_{authorities},
      authenticator_{authenticator},
      policy_{policy},
      clock_{clock},
      observer_{std::move(observer)},
      roles_{std::make_shared<const Roles>(by_arn(std::move(roles)))} {}

void Service::replace_roles(std::vector<Role> roles) {
  auto next = std::make_shared<const Roles>(by_arn(std::move(roles)));
  const std::lock_guard lock{mutex_};
  roles_.swap(next);
}

std::shared_ptr<const Service::Roles> Service::current() const {
  const std::lock_guard lock{mutex_};
  return roles_;
}

HttpResponse Service::handle(const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  Progress progress;
  std::string error_name;
  HttpResponse response;
  const auto refuse = [&](Code code, const std::string& detail) {
    error_name = sts_error(code).name;
    response = error_response(code, detail, request.request_id);
  };
  try {
    response = serve(request, progress);
  } catch (const Error& error) {
    if (error.code() == Code::access_denied && progress.caller) {
      try {
        authorities_.record_refusal(*progress.caller, progress.action, progress.resource, error.what());
      } catch (...) {
        // Refused stays refused when the audit log is away: nothing was done that it would have to show.
      }
    }
    refuse(error.code(), error.what());
  } catch (const std::exception& error) {
    refuse(Code::internal, error.what());
  } catch (...) {
    refuse(Code::internal, "not a std::exception");
  }
  if (observer_) {
    try {
      observer_(
          progress.action, error_name, progress.caller ? progress.caller->principal : "",
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin),
          request);
    } catch (...) {
      // The answer stands whether or not somebody could be told about it.
    }
  }
  return response;
}

HttpResponse Service::serve(const HttpRequest& request, Progress& progress) {
  const Parameters parameters = parse_form(request.body);
  const auto action = parameters.find("Action");
  const auto version = parameters.find("Version");
  const bool known = action != parameters.end() && version != parameters.end() &&
                     version->second == kVersion &&
                     (action->second == "GetCallerIdentity" || action->second == "AssumeRole");
  if (!known) {
    throw Error{
        Code::unknown_operation,
        "Could not find this operation: GetCallerIdentity and AssumeRole of version 2011-06-15 are served"};
  }
  progress.action = action->second;
  progress.caller = authenticator_.authenticate(request, auth::Service::sts);
  if (progress.caller->device_id) {
    throw Error{Code::access_denied, "A device's certificate is a credential for POST /provision only"};
  }
  if (progress.action == "GetCallerIdentity") {
    HttpResponse response = caller_identity(*progress.caller);
    return response;
  }
  const auto role = parameters.find("RoleArn");
  progress.resource = role == parameters.end() ? "*" : role->second.substr(0, kMaxRoleArn);
  return assume_role(*progress.caller, parameters);
}

HttpResponse Service::caller_identity(const ca::Caller& caller) const {
  const bool session = !caller.session_arn.empty();
  const std::string id = session
                             ? unique_id("AROA", caller.principal_arn) +
                                   caller.session_arn.substr(caller.session_arn.rfind('/')).replace(0, 1, ":")
                             : unique_id("AIDA", caller.principal_arn);
  return result_response(
      "GetCallerIdentity",
      {{"Arn", caller.shown_arn(), {}}, {"UserId", id, {}}, {"Account", caller.account, {}}},
      caller.request_id);
}

Role Service::authorized_role(const ca::Caller& caller, const std::string& arn,
                              const Parameters& parameters) const {
  const auto roles = current();
  const auto found = roles->find(arn);
  std::map<std::string, std::vector<std::string>> context{
      {"sts:RoleSessionName", {parameters.at("RoleSessionName")}}};
  if (const std::string external = text_parameter(parameters, "ExternalId", 0, kMaxExternalId);
      !external.empty()) {
    context["sts:ExternalId"] = {external};
  }
  // A role that does not exist is refused in the words of one that trusts somebody else (I15).
  policy_.require({.caller = caller,
                   .action = "sts:AssumeRole",
                   .resource = arn,
                   .context = std::move(context),
                   .now = clock_.now(),
                   .resource_account = account_of(arn),
                   .resource_policy = found == roles->end() ? nullptr : &found->second.trust,
                   .resource_policy_must_allow = true});
  return found->second;
}

HttpResponse Service::assume_role(const ca::Caller& caller, const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    for (const std::string_view unserved : kUnserved) {
      if (name == unserved || name.starts_with(std::string{unserved} + ".")) {
        throw Error{Code::constraint_violation,
                    "The parameter " + std::string{unserved} + " is not supported"};
      }
    }
  }
  const std::string arn = text_parameter(parameters, "RoleArn", 20, kMaxRoleArn);
  const std::string name = session_name(parameters);
  const std::string policy = text_parameter(parameters, "Policy", 0, kMaxPolicy);
  if (!policy.empty()) {
    (void)ca::PolicyDocument::parse("of the request", policy);
  }
  const Role role = authorized_role(caller, arn, parameters);
  const auth::Session session{.account = role.account,
                              .role = role.name,
                              .name = name,
                              .policy = policy,
                              .expires = ca::to_seconds(clock_.now()) + duration(parameters, caller, role)};
  const std::string session_arn = "arn:" + ca::split(role.arn, ':')[1] + ":sts::" + role.account +
                                  ":assumed-role/" + role.name + "/" + name;
  auto credentials = authenticator_.open_session(session);
  // Recorded before it is handed out: what the session does later can be traced to who took the role.
  authorities_.record_session(caller, session_arn, credentials.access_key_id, session.expires);
  return result_response(
      "AssumeRole",
      {{"Credentials",
        "",
        {{"AccessKeyId", credentials.access_key_id, {}},
         {"SecretAccessKey", credentials.secret_access_key, {}},
         {"SessionToken", credentials.session_token, {}},
         {"Expiration", ca::rfc3339(session.expires), {}}}},
       {"AssumedRoleUser",
        "",
        {{"AssumedRoleId", unique_id("AROA", role.arn) + ":" + name, {}}, {"Arn", session_arn, {}}}}},
      caller.request_id);
}

std::string Service::share_of(HttpRequest& request) const {
  return authenticator_.share_of(request, auth::Service::sts);
}

HttpResponse Service::throttled(const HttpRequest& request) {
  return error_response(Code::throttled, "the queue is full", request.request_id);
}

void add_routes(http::Router& router, Service& service) {
  router.add({
      .method = "POST",
      .path = "/",
      .media_type = "application/x-www-form-urlencoded",
      .pool = [](const HttpRequest&) { return http::Pool::change; },
      .handler = [&service](const HttpRequest& request) { return service.handle(request); },
      .share_of = [&service](HttpRequest& request) { return service.share_of(request); },
      .when_throttled = Service::throttled,
      .when_full = Service::throttled,
  });
}

}  // namespace sts
