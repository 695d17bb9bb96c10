#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"
#include "daemon/acmpca/page.hpp"

namespace acmpca {

nlohmann::json list_permissions(ca::AuthorityService& authorities, const ca::Caller& caller,
                                const nlohmann::json& input) {
  const ca::AuthorityArn arn = authority_arn(input);
  std::vector<nlohmann::json> items;
  for (const ca::Permission& permission : authorities.permissions(caller, arn)) {
    items.push_back({{"CertificateAuthorityArn", arn.text()},
                     {"CreatedAt", static_cast<double>(permission.created_at_ms) / 1000.0},
                     {"Principal", permission.principal},
                     {"SourceAccount", permission.source_account},
                     {"Actions", permission.actions},
                     {"Policy", policy_of(permission, arn.text())}});
  }
  const auto key_of = [](const nlohmann::json& item) {
    return item.at("Principal").get<std::string>() + "|" + item.at("SourceAccount").get<std::string>();
  };
  return page("Permissions", items, key_of, input);
}

}  // namespace acmpca
