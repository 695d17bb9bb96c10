#include "daemon/acmpca/authority_json.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json get_certificate_authority_certificate(ca::AuthorityService& authorities,
                                                     const ca::Caller& caller, const nlohmann::json& input) {
  return certificate_json(authorities.authority_certificate(caller, authority_arn(input)));
}

}  // namespace acmpca
