#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json restore_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                             const nlohmann::json& input) {
  authorities.restore(caller, authority_arn(input));
  return nullptr;
}

}  // namespace acmpca
