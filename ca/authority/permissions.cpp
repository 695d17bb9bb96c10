#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

constexpr const char* kOnlyService = "acm.amazonaws.com";

}  // namespace

std::vector<Permission> AuthorityService::permissions(const Caller& caller, const AuthorityArn& arn) {
  return parse_permissions(state_->authorize_living(caller, arn, "ListPermissions")->record.permissions_json);
}

void AuthorityService::create_permission(const Caller& caller, const AuthorityArn& arn,
                                         Permission permission) {
  State& state = *state_;
  (void)state.authorize_living(caller, arn, "CreatePermission");
  if (permission.principal != kOnlyService) {
    throw Error{Code::constraint_violation,
                std::string{"The principal of a permission must be "} + kOnlyService};
  }
  permission.source_account = permission.source_account.empty() ? caller.account : permission.source_account;
  permission.created_at_ms = state.clock.now().time_since_epoch().count();
  AuditEvent event = state.event(caller, "authority.permission_created", arn);
  event.detail = {{"principal", permission.principal}, {"source_account", permission.source_account}};
  state.change(arn, std::move(event), [&](AuthorityRecord& record) {
    auto permissions = parse_permissions(record.permissions_json);
    const bool exists = std::any_of(permissions.begin(), permissions.end(), [&](const Permission& other) {
      return other.is_of(permission.principal, permission.source_account);
    });
    if (exists) {
      throw Error{Code::permission_already_exists,
                  "The permission of this principal and source account exists already"};
    }
    if (permissions.size() >= kMaxPermissions) {
      throw Error{Code::limit_exceeded, "A certificate authority can have at most 100 permissions"};
    }
    permissions.push_back(permission);
    record.permissions_json = permissions_json(permissions);
  });
}

void AuthorityService::delete_permission(const Caller& caller, const AuthorityArn& arn,
                                         const std::string& principal, const std::string& source_account) {
  State& state = *state_;
  (void)state.authorize_living(caller, arn, "DeletePermission");
  const std::string account = source_account.empty() ? caller.account : source_account;
  AuditEvent event = state.event(caller, "authority.permission_deleted", arn);
  event.detail = {{"principal", principal}, {"source_account", account}};
  state.change(arn, std::move(event), [&](AuthorityRecord& record) {
    auto permissions = parse_permissions(record.permissions_json);
    if (std::erase_if(permissions, [&](const Permission& one) { return one.is_of(principal, account); }) ==
        0) {
      throw Error{Code::resource_not_found,
                  "The certificate authority has no permission of this principal and source account"};
    }
    record.permissions_json = permissions_json(permissions);
  });
}

}  // namespace ca
