#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json get_policy(ca::AuthorityService& authorities, const ca::Caller& caller,
                          const nlohmann::json& input) {
  return {{"Policy", authorities.resource_policy(caller, resource_arn(input))}};
}

}  // namespace acmpca
