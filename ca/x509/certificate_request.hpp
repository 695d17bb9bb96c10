#pragma once
#include <vector>

#include "ca/x509/assemble_signed.hpp"
#include "ca/x509/extension.hpp"
#include "ca/x509/name.hpp"
#include "ca/x509/public_key.hpp"

namespace ca {

// A PKCS#10 request (RFC 2986). Parsing never judges names or keys; see ca/policy for that.
struct CertificateRequest {
  static constexpr std::size_t kMaxDerBytes = 32768;  // CsrBlob of the API

  Bytes der;
  DistinguishedName subject;
  PublicKey public_key;
  std::vector<Extension> extensions;  // of the one extensionRequest attribute; no duplicates
  std::vector<GeneralName> subject_alt_names;

  // Strict DER, no trailing bytes, version 0, proof of possession verified (I11: a request is only a key
  // carrier). Throws Code::malformed_csr with what was wrong and where.
  [[nodiscard]] static CertificateRequest parse(ByteView der);
  // Exactly one CERTIFICATE REQUEST (or NEW CERTIFICATE REQUEST) block. Throws Code::malformed_csr.
  [[nodiscard]] static CertificateRequest parse_pem(std::string_view pem);
};

// CertificationRequestInfo for a CA's own CSR: basicConstraints critical CA:TRUE only, plus `extra`.
[[nodiscard]] Bytes build_request_info(const DistinguishedName& subject, ByteView spki_der,
                                       const std::vector<Extension>& extra);

}  // namespace ca
