// Who may do what with which authority.
#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

void refuse_device(const Caller& caller) {
  if (caller.device_id) {
    throw Error{Code::access_denied, "a device certificate is good for POST /provision and nothing else"};
  }
}

// The AWS API's own operations go without their service's name.
std::string action_of(const std::string& operation) {
  return operation.find(':') == std::string::npos ? "acm-pca:" + operation : operation;
}

}  // namespace

void AuthorityService::State::require(const Caller& caller, const std::string& operation,
                                      RequestContext context) const {
  refuse_device(caller);
  policy.require({.caller = caller,
                  .action = action_of(operation),
                  .resource = "*",
                  .context = std::move(context),
                  .now = clock.now()});
}

std::shared_ptr<const Authority> AuthorityService::State::authorize(const Caller& caller,
                                                                    const AuthorityArn& arn,
                                                                    const std::string& operation,
                                                                    RequestContext context) const {
  refuse_device(caller);
  return authorize_any(caller, arn, operation, std::move(context));
}

std::shared_ptr<const Authority> AuthorityService::State::authorize_any(const Caller& caller,
                                                                        const AuthorityArn& arn,
                                                                        const std::string& operation,
                                                                        RequestContext context) const {
  auto authority = catalog.find(arn);
  const bool there = authority && arn.region == caller.region && !authority->is_gone_at(clock.now());
  // One of another account that is not shared is refused in the same words whether it exists or not (I15).
  policy.require(request_for(caller, arn, operation, there ? authority.get() : nullptr, std::move(context)));
  if (!there) {
    throw Error{Code::resource_not_found, "Could not find Certificate Authority with ARN " + arn.text()};
  }
  return authority;
}

AuthorizationRequest AuthorityService::State::request_for(const Caller& caller, const AuthorityArn& arn,
                                                          const std::string& operation,
                                                          const Authority* authority,
                                                          RequestContext context) const {
  if (authority != nullptr) {
    for (const Tag& tag : authority->tags) {
      context["aws:ResourceTag/" + tag.key] = {tag.value};
    }
  }
  return {.caller = caller,
          .action = action_of(operation),
          .resource = arn.text(),
          .context = std::move(context),
          .now = clock.now(),
          .resource_account = arn.account,
          .resource_policy =
              authority != nullptr && authority->resource_policy ? &*authority->resource_policy : nullptr};
}

std::shared_ptr<const Authority> AuthorityService::State::authorize_living(const Caller& caller,
                                                                           const AuthorityArn& arn,
                                                                           const std::string& operation,
                                                                           RequestContext context) const {
  auto authority = authorize(caller, arn, operation, std::move(context));
  check_living(*authority);
  return authority;
}

void AuthorityService::State::check_living(const Authority& authority) {
  if (authority.record.status == AuthorityStatus::deleted) {
    throw Error{Code::invalid_state, "The certificate authority is in the DELETED state"};
  }
}

}  // namespace ca
