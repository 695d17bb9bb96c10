#include "ca/x509/algorithm.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "ca/x509/der.hpp"

namespace ca {
namespace {

struct KeyRow {
  KeyAlgorithm algorithm;
  KeyFamily family;
  std::string_view name;
};
constexpr std::array kKeys{
    KeyRow{KeyAlgorithm::rsa_2048, KeyFamily::rsa, "RSA_2048"},
    KeyRow{KeyAlgorithm::rsa_3072, KeyFamily::rsa, "RSA_3072"},
    KeyRow{KeyAlgorithm::rsa_4096, KeyFamily::rsa, "RSA_4096"},
    KeyRow{KeyAlgorithm::ec_p256, KeyFamily::ec, "EC_prime256v1"},
    KeyRow{KeyAlgorithm::ec_p384, KeyFamily::ec, "EC_secp384r1"},
    KeyRow{KeyAlgorithm::ec_p521, KeyFamily::ec, "EC_secp521r1"},
    KeyRow{KeyAlgorithm::ed25519, KeyFamily::ed25519, "ED25519"},
};

struct SigningRow {
  SigningAlgorithm algorithm;
  KeyFamily family;
  std::string_view name;
  const char* oid;
};
constexpr std::array kSignatures{
    SigningRow{SigningAlgorithm::sha256_with_rsa, KeyFamily::rsa, "SHA256WITHRSA", "1.2.840.113549.1.1.11"},
    SigningRow{SigningAlgorithm::sha384_with_rsa, KeyFamily::rsa, "SHA384WITHRSA", "1.2.840.113549.1.1.12"},
    SigningRow{SigningAlgorithm::sha512_with_rsa, KeyFamily::rsa, "SHA512WITHRSA", "1.2.840.113549.1.1.13"},
    SigningRow{SigningAlgorithm::sha256_with_ecdsa, KeyFamily::ec, "SHA256WITHECDSA", "1.2.840.10045.4.3.2"},
    SigningRow{SigningAlgorithm::sha384_with_ecdsa, KeyFamily::ec, "SHA384WITHECDSA", "1.2.840.10045.4.3.3"},
    SigningRow{SigningAlgorithm::sha512_with_ecdsa, KeyFamily::ec, "SHA512WITHECDSA", "1.2.840.10045.4.3.4"},
    SigningRow{SigningAlgorithm::ed25519, KeyFamily::ed25519, "ED25519", "1.3.101.112"},
};

// Every enumerator has its row, in order.
const KeyRow& row_of(KeyAlgorithm algorithm) { return kKeys.at(static_cast<std::size_t>(algorithm)); }
const SigningRow& row_of(SigningAlgorithm algorithm) {
  return kSignatures.at(static_cast<std::size_t>(algorithm));
}

}  // namespace

std::string_view api_name(KeyAlgorithm algorithm) { return row_of(algorithm).name; }
std::string_view api_name(SigningAlgorithm algorithm) { return row_of(algorithm).name; }
KeyFamily family_of(KeyAlgorithm algorithm) { return row_of(algorithm).family; }
KeyFamily family_of(SigningAlgorithm algorithm) { return row_of(algorithm).family; }

std::optional<KeyAlgorithm> key_algorithm_from_api(std::string_view name) {
  const auto row = std::find_if(kKeys.begin(), kKeys.end(), [&](const KeyRow& r) { return r.name == name; });
  return row == kKeys.end() ? std::nullopt : std::optional{row->algorithm};
}

std::optional<SigningAlgorithm> signing_algorithm_from_api(std::string_view name) {
  const auto row = std::find_if(kSignatures.begin(), kSignatures.end(),
                                [&](const SigningRow& r) { return r.name == name; });
  return row == kSignatures.end() ? std::nullopt : std::optional{row->algorithm};
}

Bytes algorithm_identifier(SigningAlgorithm algorithm) {
  const SigningRow& row = row_of(algorithm);
  const Bytes null = row.family == KeyFamily::rsa ? der::element(der::tag::kNull, ByteView{}) : Bytes{};
  return der::element(der::tag::kSequence, {der::oid(row.oid), null});
}

std::optional<SigningAlgorithm> signing_algorithm_from_der(ByteView identifier) {
  // The encoding of each of ours is unique, so comparing bytes is comparing values.
  for (const SigningRow& row : kSignatures) {
    if (std::ranges::equal(algorithm_identifier(row.algorithm), identifier)) {
      return row.algorithm;
    }
  }
  return std::nullopt;
}

}  // namespace ca
