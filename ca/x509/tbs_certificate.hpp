#pragma once
#include <vector>

#include "ca/x509/certificate.hpp"

namespace ca {

// What is about to become a certificate (RFC 5280, 4.1.2). A value; encode() is its only way out.
struct TbsCertificate {
  SerialNumber serial;
  SigningAlgorithm signing_algorithm;
  DistinguishedName issuer;
  Validity validity;
  DistinguishedName subject;
  Bytes spki_der;
  std::vector<Extension> extensions;  // in encoding order

  // v3 DER. UTCTime through 2049, GeneralizedTime after (RFC 5280, 4.1.2.5).
  [[nodiscard]] Bytes encode() const;
};

}  // namespace ca
