#include "ca/authority/service_state.hpp"

namespace ca {

CertificatePage AuthorityService::find_certificates(const Caller& caller, const CertificateSearch& search) {
  (void)state_->authorize(caller, search.authority, "chancery:ListCertificates");
  return state_->inventory.find_certificates(search);
}

}  // namespace ca
