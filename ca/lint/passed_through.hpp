#pragma once
#include <vector>

#include "ca/templates/issuer_identity.hpp"
#include "ca/templates/passthrough.hpp"
#include "ca/templates/template.hpp"

namespace ca {

// What there is beside the template: asked for by the CSR and by the API, given by the authority.
struct Asked {
  const DistinguishedName& subject;          // of the CSR
  const std::vector<Extension>& extensions;  // of the CSR
  const ApiPassthrough& api;
  const RevocationPointers& pointers;  // that the authority gives, whatever was asked
};

// The extensions, other than the SAN, that a certificate from this template has beside the template's own,
// said once more without the code that builds. By their id.
[[nodiscard]] std::vector<Extension> passed_through(const Template& tmpl, const Asked& asked);

// Subject and SAN that the certificate must have; nullptr: no SAN.
[[nodiscard]] const DistinguishedName& asked_subject(const Template& tmpl, const Asked& asked);
[[nodiscard]] const Bytes* asked_alt_names(const Template& tmpl, const Asked& asked);

}  // namespace ca
