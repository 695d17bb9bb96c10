#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

constexpr const char* kName = "resource policy";

PolicyDocument read(const std::string& json) { return PolicyDocument::parse_resource(kName, json); }

}  // namespace

std::string AuthorityService::resource_policy(const Caller& caller, const AuthorityArn& arn) {
  const auto authority = state_->authorize_living(caller, arn, "GetPolicy");
  if (authority->record.policy_json.empty()) {
    throw Error{Code::resource_not_found, "The certificate authority " + arn.text() + " has no policy"};
  }
  return authority->record.policy_json;
}

void AuthorityService::put_resource_policy(const Caller& caller, const AuthorityArn& arn,
                                           const std::string& json) {
  State& state = *state_;
  const auto authority = state.authorize_living(caller, arn, "PutPolicy");
  const PolicyDocument document = read(json);
  for (const char* operation : {"PutPolicy", "DeletePolicy"}) {
    auto request = state.request_for(caller, arn, operation, authority.get(), {});
    request.resource_policy = &document;
    if (!state.policy.decide(request).allowed) {
      throw Error{
          Code::lockout_prevented,
          "The policy would lock the caller out of changing it again: it denies " + std::string{operation}};
    }
  }
  AuditEvent event = state.event(caller, "authority.policy_put", arn);
  event.detail = {{"policy", json}};
  state.change(arn, std::move(event), [&](AuthorityRecord& record) { record.policy_json = json; });
}

void AuthorityService::delete_resource_policy(const Caller& caller, const AuthorityArn& arn) {
  State& state = *state_;
  const auto authority = state.authorize_living(caller, arn, "DeletePolicy");
  if (authority->record.policy_json.empty()) {
    return;
  }
  state.change(arn, state.event(caller, "authority.policy_deleted", arn),
               [](AuthorityRecord& record) { record.policy_json.clear(); });
}

}  // namespace ca
