#include "ca/policy/key_checks.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/policy/rsa_weakness.hpp"

namespace ca {
namespace {

constexpr int kMinRsaBits = 2048;

using Complaint = std::optional<std::string>;

bool below_65537(const Bytes& exponent) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : exponent) {
    if (value > 0xFFFF) {
      return false;
    }
    value = value << 8U | octet;
  }
  return value < 65537;
}

Complaint rsa_complaint(const PublicKey& key) {
  if (key.bits() < kMinRsaBits || key.bits() % 8 != 0) {
    return "RSA with " + std::to_string(key.bits()) + " bits; 2048 to 8192 bits in steps of 8 are accepted";
  }
  const Bytes exponent = key.rsa_exponent();
  if ((exponent.back() & 1U) == 0 || below_65537(exponent)) {
    return "the RSA exponent must be odd and at least 65537";
  }
  const Bytes modulus = key.rsa_modulus();
  if ((modulus.back() & 1U) == 0) {
    return "the RSA modulus is even";
  }
  if (const auto factor = small_factor(modulus)) {
    return "the RSA modulus is divisible by " + std::to_string(*factor);
  }
  if (has_roca_fingerprint(modulus)) {
    return "the RSA key was made by a generator with the ROCA weakness (CVE-2017-15361)";
  }
  if (has_close_primes(modulus)) {
    return "the primes of the RSA modulus are too close to each other";
  }
  return std::nullopt;
}

// Little-endian y coordinates of the eight points whose order divides 8, the two that are written p and p + 1
// instead of 0 and 1 among them (RFC 8032, 5.1; RFC 7748, 6). With such a key anybody's signature may verify.
constexpr std::array<std::array<std::uint8_t, 32>, 7> kSmallOrder{{
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

Complaint ed25519_complaint(const PublicKey& key) {
  Bytes point = key.key_octets();
  if (point.size() != 32) {
    return "an Ed25519 key has 32 bytes";
  }
  point.back() &= 0x7FU;  // the sign of x says nothing about the order
  for (const auto& weak : kSmallOrder) {
    if (std::equal(weak.begin(), weak.end(), point.begin())) {
      return "the Ed25519 point has a small order";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> key_complaint(const PublicKey& key) {
  switch (key.family()) {
    case KeyFamily::rsa:
      return rsa_complaint(key);
    case KeyFamily::ec:
      // P-256, P-384, P-521 and on the curve: PublicKey::parse. Their order is prime, so no point of them is
      // weak.
      return std::nullopt;
    case KeyFamily::ed25519:
      return ed25519_complaint(key);
  }
  return std::nullopt;
}

void check_subject_key(const PublicKey& key) {
  if (const auto complaint = key_complaint(key)) {
    throw Error{Code::malformed_csr, "The public key of the CSR is refused: " + *complaint};
  }
}

}  // namespace ca
