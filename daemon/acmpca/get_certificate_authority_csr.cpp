#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json get_certificate_authority_csr(ca::AuthorityService& authorities, const ca::Caller& caller,
                                             const nlohmann::json& input) {
  return {{"Csr", authorities.csr(caller, authority_arn(input))}};
}

}  // namespace acmpca
