#pragma once
#include <optional>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

// Names as in the AWS Private CA API; ed25519 is ours (tokens have it, the API does not name it).
enum class KeyAlgorithm { rsa_2048, rsa_3072, rsa_4096, ec_p256, ec_p384, ec_p521, ed25519 };
enum class SigningAlgorithm {
  sha256_with_rsa,
  sha384_with_rsa,
  sha512_with_rsa,
  sha256_with_ecdsa,
  sha384_with_ecdsa,
  sha512_with_ecdsa,
  ed25519,
};
enum class KeyFamily { rsa, ec, ed25519 };

[[nodiscard]] std::string_view api_name(KeyAlgorithm algorithm);      // "EC_prime256v1"
[[nodiscard]] std::string_view api_name(SigningAlgorithm algorithm);  // "SHA256WITHECDSA"
// nullopt: a value that this build does not know (ML_DSA_44, SM2 and everything else).
[[nodiscard]] std::optional<KeyAlgorithm> key_algorithm_from_api(std::string_view name);
[[nodiscard]] std::optional<SigningAlgorithm> signing_algorithm_from_api(std::string_view name);

[[nodiscard]] KeyFamily family_of(KeyAlgorithm algorithm);
[[nodiscard]] KeyFamily family_of(SigningAlgorithm algorithm);

// DER of the AlgorithmIdentifier: RSA with NULL parameters, ECDSA and Ed25519 without
// (RFC 4055, 5; RFC 5758, 3.2; RFC 8410, 3).
[[nodiscard]] Bytes algorithm_identifier(SigningAlgorithm algorithm);
// The reverse, for certificates and requests that we read; nullopt when not one of ours.
[[nodiscard]] std::optional<SigningAlgorithm> signing_algorithm_from_der(ByteView algorithm_identifier);

}  // namespace ca
