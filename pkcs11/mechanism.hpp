#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "pkcs11/bytes.hpp"

namespace pkcs11 {

enum class KeyType { rsa_2048, rsa_3072, rsa_4096, ec_p256, ec_p384, ec_p521, ed25519 };

enum class SignatureScheme {
  rsa_pkcs1_sha256,
  rsa_pkcs1_sha384,
  rsa_pkcs1_sha512,
  ecdsa_sha256,
  ecdsa_sha384,
  ecdsa_sha512,
  eddsa
};

[[nodiscard]] std::string_view name_of(KeyType type);
[[nodiscard]] std::string_view name_of(SignatureScheme scheme);

// "CKM_ECDSA", or "0x80001234" for one that has no name here.
[[nodiscard]] std::string mechanism_name(unsigned long mechanism);

// What C_SignInit and C_Sign are given. Hashing is done here: no token hashes faster, and CloudHSM's library
// does the same.
struct SigningInput {
  unsigned long mechanism;  // CKM_RSA_PKCS, CKM_ECDSA or CKM_EDDSA
  Bytes data;               // DigestInfo (RFC 8017, 9.2), digest cut to the curve's order, or the message
};
// Throws Error{bad_request} when the key cannot make such a signature.
[[nodiscard]] SigningInput signing_input(KeyType key, SignatureScheme scheme, ByteView message);

// The token's output as X.509 wants it: r||s becomes SEQUENCE{r, s} (RFC 3279, 2.2.3), the rest stays.
// Throws Error{reconnect} when the length fits no signature of such a key.
[[nodiscard]] Bytes signature_from_token(KeyType key, ByteView output);

// The scheme that fits a key best: the trial signature uses it.
[[nodiscard]] SignatureScheme natural_scheme(KeyType key);

// CKA_EC_PARAMS and back: the named curve's OBJECT IDENTIFIER; for Ed25519 also the PrintableString of
// PKCS#11 3.0.
[[nodiscard]] Bytes curve_parameters(KeyType key);
[[nodiscard]] std::optional<KeyType> key_type_of_curve(ByteView parameters);
[[nodiscard]] std::optional<KeyType> key_type_of_modulus(std::size_t modulus_bytes);

}  // namespace pkcs11
