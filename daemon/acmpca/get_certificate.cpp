#include "daemon/acmpca/authority_json.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json get_certificate(ca::AuthorityService& authorities, const ca::Caller& caller,
                               const nlohmann::json& input) {
  const ca::AuthorityArn authority = authority_arn(input);
  const auto certificate = ca::CertificateArn::parse(required_string(input, "CertificateArn"));
  return certificate_json(authorities.certificate(caller, authority, certificate));
}

}  // namespace acmpca
