#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json tag_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                         const nlohmann::json& input) {
  authorities.tag(caller, authority_arn(input), tags(input));
  return nullptr;
}

}  // namespace acmpca
