#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json put_policy(ca::AuthorityService& authorities, const ca::Caller& caller,
                          const nlohmann::json& input) {
  authorities.put_resource_policy(caller, resource_arn(input), required_string(input, "Policy"));
  return nullptr;
}

}  // namespace acmpca
