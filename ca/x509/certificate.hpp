#pragma once
#include <optional>
#include <vector>

#include "ca/base/clock.hpp"
#include "ca/base/serial_number.hpp"
#include "ca/x509/extension.hpp"
#include "ca/x509/name.hpp"
#include "ca/x509/public_key.hpp"

namespace ca {

struct Validity {
  Seconds not_before;
  Seconds not_after;  // inclusive
  friend bool operator==(const Validity&, const Validity&) = default;
};

struct BasicConstraints {
  bool ca = false;
  std::optional<int> path_length;
};

// A certificate that we read: ours, or one imported from an outside issuer (whose serial may have any
// length).
struct Certificate {
  Bytes der;
  Bytes tbs_der;
  Bytes serial;  // INTEGER contents, big-endian
  SigningAlgorithm signing_algorithm;
  Bytes signature;
  DistinguishedName issuer;
  DistinguishedName subject;
  Validity validity;
  PublicKey public_key;
  std::vector<Extension> extensions;

  // Strict DER, v3, no trailing bytes, no duplicate extensions. Throws Code::malformed_certificate.
  [[nodiscard]] static Certificate parse(ByteView der);
  // A TBSCertificate that has no signature yet, read by the same rules.
  [[nodiscard]] static Certificate parse_to_be_signed(ByteView tbs_der, SigningAlgorithm algorithm);

  [[nodiscard]] const Extension* find(std::string_view oid) const;
  [[nodiscard]] std::optional<BasicConstraints> basic_constraints() const;
  [[nodiscard]] std::optional<Bytes> subject_key_id() const;
  // keyIdentifier of the authorityKeyIdentifier; nullopt when either is absent. Throws
  // Code::malformed_certificate.
  [[nodiscard]] std::optional<Bytes> authority_key_id() const;
  [[nodiscard]] bool is_signed_by(const PublicKey& issuer_key) const;
  [[nodiscard]] bool self_issued() const { return issuer == subject; }
};

// KeyUsage bits in RFC 5280 order (bit 0 = digitalSignature ... 8 = decipherOnly); 0 when absent or
// malformed.
[[nodiscard]] unsigned key_usage_bits(const Certificate& certificate);
inline constexpr unsigned kKeyCertSignBit = 1U << 5;
inline constexpr unsigned kCrlSignBit = 1U << 6;

}  // namespace ca
