#pragma once
#include <string>
#include <vector>

#include "ca/base/bytes.hpp"

namespace ca {

// An object identifier in dotted form, "2.5.29.15".
using Oid = std::string;

namespace oid {
inline constexpr const char* kSubjectDirectoryAttributes = "2.5.29.9";
inline constexpr const char* kSubjectKeyIdentifier = "2.5.29.14";
inline constexpr const char* kKeyUsage = "2.5.29.15";
inline constexpr const char* kSubjectAltName = "2.5.29.17";
inline constexpr const char* kIssuerAltName = "2.5.29.18";
inline constexpr const char* kBasicConstraints = "2.5.29.19";
inline constexpr const char* kCrlNumber = "2.5.29.20";
inline constexpr const char* kReasonCode = "2.5.29.21";
inline constexpr const char* kIssuingDistributionPoint = "2.5.29.28";
inline constexpr const char* kNameConstraints = "2.5.29.30";
inline constexpr const char* kCrlDistributionPoints = "2.5.29.31";
inline constexpr const char* kCertificatePolicies = "2.5.29.32";
inline constexpr const char* kPolicyMappings = "2.5.29.33";
inline constexpr const char* kAuthorityKeyIdentifier = "2.5.29.35";
inline constexpr const char* kPolicyConstraints = "2.5.29.36";
inline constexpr const char* kExtendedKeyUsage = "2.5.29.37";
inline constexpr const char* kFreshestCrl = "2.5.29.46";
inline constexpr const char* kInhibitAnyPolicy = "2.5.29.54";
inline constexpr const char* kNoRevAvail = "2.5.29.56";
inline constexpr const char* kAuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
inline constexpr const char* kSubjectInfoAccess = "1.3.6.1.5.5.7.1.11";
inline constexpr const char* kAnyExtendedKeyUsage = "2.5.29.37.0";
inline constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr const char* kCodeSigning = "1.3.6.1.5.5.7.3.3";
inline constexpr const char* kOcspSigning = "1.3.6.1.5.5.7.3.9";
inline constexpr const char* kOcspBasic = "1.3.6.1.5.5.7.48.1.1";
inline constexpr const char* kOcspNonce = "1.3.6.1.5.5.7.48.1.2";
inline constexpr const char* kOcspNoCheck = "1.3.6.1.5.5.7.48.1.5";
inline constexpr const char* kCommonName = "2.5.4.3";
}  // namespace oid

// RFC 5280, 4.1: Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }
struct Extension {
  Oid id;
  bool critical = false;
  Bytes value;  // DER inside the OCTET STRING

  friend bool operator==(const Extension&, const Extension&) = default;
};

// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension. Strict DER, no duplicates; values are not looked into.
// Throws Code::malformed_csr (the caller maps it for certificates).
[[nodiscard]] std::vector<Extension> parse_extensions(ByteView der);
[[nodiscard]] Bytes encode_extensions(const std::vector<Extension>& extensions);

}  // namespace ca
