#include "daemon/acmpca/authority_json.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json describe_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                              const nlohmann::json& input) {
  return {{"CertificateAuthority", authority_json(authorities.describe(caller, authority_arn(input)))}};
}

}  // namespace acmpca
