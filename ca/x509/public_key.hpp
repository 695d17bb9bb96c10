#pragma once
#include <memory>

#include "ca/base/bytes.hpp"
#include "ca/x509/algorithm.hpp"

namespace ca {

// A parsed SubjectPublicKeyInfo. Immutable, copies share the parsed key; verify() is thread-safe.
class PublicKey {
 public:
  // Parses only; weak-key rules are in ca/policy/key_checks. Throws Code::malformed_csr on anything that is
  // not a well-formed SPKI of a known algorithm with a point on its curve and no trailing bytes, and on an
  // RSA key that is too large to be used by whoever sends it: modulus above 8192, exponent above 256 bits.
  [[nodiscard]] static PublicKey parse(ByteView spki_der);

  [[nodiscard]] const Bytes& spki_der() const;
  [[nodiscard]] KeyFamily family() const;
  [[nodiscard]] int bits() const;                 // RSA modulus or EC field size
  [[nodiscard]] const Bytes& key_octets() const;  // contents of the BIT STRING
  [[nodiscard]] Bytes rsa_modulus() const;        // big-endian; empty unless RSA
  [[nodiscard]] Bytes rsa_exponent() const;       // big-endian; empty unless RSA
  [[nodiscard]] Bytes subject_key_id()
      const;  // SHA-1 of the BIT STRING's contents (RFC 5280, 4.2.1.2 method 1)
  // Whether the signature (DER form for ECDSA) over message verifies. False on any malformed signature.
  [[nodiscard]] bool verify(SigningAlgorithm algorithm, ByteView message, ByteView signature) const;

 private:
  struct Parsed;
  explicit PublicKey(std::shared_ptr<const Parsed> parsed);
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace ca
