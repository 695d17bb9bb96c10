#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/policy/key_checks.hpp"
#include "tests/fuzz/property.hpp"

// Input: DER of a SubjectPublicKeyInfo. What parses keeps its bytes, is bounded, judges any signature, and is
// good or refused as malformed_csr.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::uint8_t kNoSignature[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
  const ca::ByteView input{data, size};
  try {
    const auto key = ca::PublicKey::parse(input);
    require(std::ranges::equal(key.spki_der(), input), "a key keeps its bytes");
    require(key.bits() <= 8192 && key.rsa_exponent().size() <= 32, "a key is bounded");
    require((key.family() == ca::KeyFamily::rsa) == !key.rsa_modulus().empty(), "only RSA has a modulus");
    require(key.subject_key_id().size() == 20, "a key identifier is a SHA-1");
    for (const auto algorithm : {ca::SigningAlgorithm::sha256_with_rsa,
                                 ca::SigningAlgorithm::sha256_with_ecdsa, ca::SigningAlgorithm::ed25519}) {
      (void)key.verify(algorithm, input, kNoSignature);
    }
    ca::check_subject_key(key);
  } catch (const ca::Error& error) {
    require(error.code() == ca::Code::malformed_csr, "a bad key is malformed_csr");
  }
  return 0;
}
