#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ca {

// A grant of the API to a service (CreatePermission). It is kept and shown; the only service that AWS knows
// here, acm.amazonaws.com, never calls this daemon.
struct Permission {
  std::string principal;             // "acm.amazonaws.com"
  std::string source_account;        // 12 digits
  std::vector<std::string> actions;  // "IssueCertificate", as given
  std::int64_t created_at_ms = 0;    // since 1970

  [[nodiscard]] bool is_of(std::string_view other_principal, std::string_view other_account) const {
    return principal == other_principal && source_account == other_account;
  }
};

inline constexpr std::size_t kMaxPermissions = 100;  // for each authority

// The grant in the words of a policy, for the authority of that ARN.
[[nodiscard]] std::string policy_of(const Permission& permission, const std::string& authority_arn);

// The stored form. parse_permissions throws Code::internal.
[[nodiscard]] std::string permissions_json(const std::vector<Permission>& permissions);
[[nodiscard]] std::vector<Permission> parse_permissions(std::string_view json);

}  // namespace ca
