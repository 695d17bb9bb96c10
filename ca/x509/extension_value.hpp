#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/x509/name.hpp"

// Values of extensions (RFC 5280, 4.2): the DER inside the OCTET STRING.
namespace ca {

// The complaint about an extension that somebody asks for, for a client to read; nullopt = good. Its value is
// one element of strict DER; the extensions of RFC 5280 have their own structure, and where the RFC says
// MUST, their criticality. What the value grants is not judged here.
[[nodiscard]] std::optional<std::string> extension_complaint(const Extension& extension);

// Bits of a keyUsage that has no complaint, bit 0 = digitalSignature.
[[nodiscard]] unsigned usage_bits_of(const Extension& key_usage);
// Purposes of an extendedKeyUsage that has no complaint.
[[nodiscard]] std::vector<Oid> purposes_of(const Extension& extended_key_usage);

[[nodiscard]] Bytes encode_purposes(const std::vector<Oid>& purposes);

struct CertificatePolicy {
  Oid id;
  std::vector<std::string> cps_uris;
};
// Throws Code::invalid_args for an id or a URI that is none.
[[nodiscard]] Bytes encode_certificate_policies(const std::vector<CertificatePolicy>& policies);

// Of authorityInfoAccess and subjectInfoAccess (RFC 5280, 4.2.2).
struct AccessDescription {
  Oid method;
  GeneralName location;
};
[[nodiscard]] Bytes encode_access_descriptions(const std::vector<AccessDescription>& descriptions);

}  // namespace ca
