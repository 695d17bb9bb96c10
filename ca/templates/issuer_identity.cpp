#include "ca/templates/issuer_identity.hpp"

namespace ca {

Bytes authority_key_id_of(const IssuerIdentity& issuer) {
  return issuer.subject_key_id ? *issuer.subject_key_id : PublicKey::parse(issuer.spki_der).subject_key_id();
}

}  // namespace ca
