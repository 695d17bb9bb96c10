#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json import_certificate_authority_certificate(ca::AuthorityService& authorities,
                                                        const ca::Caller& caller,
                                                        const nlohmann::json& input) {
  ca::ImportOrder order{
      .authority = authority_arn(input),
      .certificate_pem = required_blob(input, "Certificate"),
      .chain_pem = optional_blob(input, "CertificateChain"),
  };
  // The model allows a chain of no bytes; it says the same as none.
  if (order.chain_pem && order.chain_pem->empty()) {
    order.chain_pem.reset();
  }
  authorities.import_certificate(caller, order);
  return nullptr;
}

}  // namespace acmpca
