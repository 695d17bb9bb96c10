#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json revoke_certificate(ca::AuthorityService& authorities, const ca::Caller& caller,
                                  const nlohmann::json& input) {
  authorities.revoke(caller, authority_arn(input), required_string(input, "CertificateSerial"),
                     *ca::revocation_reason_from_api(required_string(input, "RevocationReason")));
  return nullptr;
}

}  // namespace acmpca
