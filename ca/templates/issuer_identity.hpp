#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/x509/certificate.hpp"

namespace ca {

// What the certificates of an authority say about it, as far as issuing depends on it. A value.
struct IssuerIdentity {
  DistinguishedName subject;
  std::optional<Bytes> subject_key_id;  // of its certificate; absent: SHA-1 of its key
  Bytes spki_der;
  std::optional<Validity> validity;   // in which all certificates up to the root are valid; absent: a root
                                      // that has no certificate yet
  std::optional<int> path_length;     // how many authorities may stand below it; nullopt = unlimited
  std::vector<Extension> extensions;  // of its certificate; name constraints and purposes of those above it
};

// Where relying parties ask about revocation and fetch the issuer; absent = not in the certificate.
struct RevocationPointers {
  std::optional<std::string> crl_uri;
  std::optional<std::string> ocsp_uri;
  std::optional<std::string> ca_issuers_uri;
  bool no_rev_avail = false;  // RFC 9608; only where the others say nothing about revocation
};

// The key identifier that certificates issued by it carry (RFC 5280, 4.2.1.1).
[[nodiscard]] Bytes authority_key_id_of(const IssuerIdentity& issuer);

}  // namespace ca
