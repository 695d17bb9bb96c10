#pragma once
#include <optional>
#include <vector>

#include "ca/templates/template.hpp"
#include "ca/x509/certificate_request.hpp"

namespace ca {

// ApiPassthrough of IssueCertificate, encoded; nothing in it is decided yet.
struct ApiPassthrough {
  std::optional<DistinguishedName> subject;  // not empty
  std::vector<Extension> extensions;         // SAN among them; no id twice
};

// What a template takes from the CSR and from the API for one certificate.
struct Granted {
  DistinguishedName subject;
  std::optional<Extension> alt_names;  // critical exactly when the subject is empty (RFC 5280, 4.2.1.6)
  std::vector<GeneralName> names;      // of alt_names
  bool names_from_api = false;         // one of them
  std::vector<Extension> extensions;   // all others: the API's in their order, then the CSR's
};

// The bounds of what passes, far above what certificates hold and far below what one may weigh.
inline constexpr std::size_t kMaxPassedExtensions = 32;
inline constexpr std::size_t kMaxPassedBytes = 16384;

// For each extension the template comes before the API and the API before the CSR ("Template order of
// operations", AWS Private CA). What the template fixes is dropped from both. What nobody may choose for a
// certificate (key identifiers, pointers to revocation; in a leaf also what only an authority may have) is
// dropped from a CSR, and refused when the API asks for it: AWS would let it pass, so its silent absence
// would be a surprise. Criticality is the asker's. Throws Code::invalid_args for what the API,
// Code::malformed_csr for what the CSR asks wrongly: a value that is not strict, signing rights for a leaf,
// encipherment for an Ed25519 key (RFC 9295, 3), OCSP signing for an authority, too much.
[[nodiscard]] Granted grant(const Template& tmpl, const CertificateRequest& request,
                            const ApiPassthrough& api);

}  // namespace ca
