#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/issuance/validity.hpp"
#include "ca/templates/issuer_identity.hpp"
#include "ca/templates/passthrough.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/tbs_certificate.hpp"

namespace ca {

struct TbsInput {
  const Template& tmpl;
  const IssuerIdentity& issuer;
  const CertificateRequest& request;
  const ApiPassthrough& api;
  const SerialNumber& serial;
  Validity validity;
  SigningAlgorithm signing_algorithm;
  RevocationPointers pointers;
};

// Builds the to-be-signed certificate (RFC 5280, 4.1.2). Pure: no clock, no store, no key.
// The template decides which extensions exist and what they say; request and API give public key, subject,
// SAN and the extensions that the template lets pass, byte for byte, and nothing else (I11). Throws what
// grant() throws, Code::malformed_csr without subject and SAN and for the issuer's own subject or key in
// another's certificate, Code::validity_beyond_issuer at either end (I10), Code::path_length_exceeded.
[[nodiscard]] TbsCertificate build_tbs(const TbsInput& input);

}  // namespace ca
