#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json delete_policy(ca::AuthorityService& authorities, const ca::Caller& caller,
                             const nlohmann::json& input) {
  authorities.delete_resource_policy(caller, resource_arn(input));
  return nullptr;
}

}  // namespace acmpca
