#include "pkcs11/mechanism.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <openssl/evp.h>

#include "pkcs11/cryptoki.hpp"
#include "pkcs11/der.hpp"
#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

enum class Family { rsa, ecdsa, eddsa };

struct SchemeFacts {
  Family family;
  const char* digest;
  std::array<std::uint8_t, 9> digest_oid;  // contents octets; RFC 8017, B.1
};

SchemeFacts facts_of(SignatureScheme scheme) {
  constexpr std::array<std::uint8_t, 9> kSha256{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
  constexpr std::array<std::uint8_t, 9> kSha384{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
  constexpr std::array<std::uint8_t, 9> kSha512{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};
  switch (scheme) {
    case SignatureScheme::rsa_pkcs1_sha256:
      return {Family::rsa, "SHA256", kSha256};
    case SignatureScheme::rsa_pkcs1_sha384:
      return {Family::rsa, "SHA384", kSha384};
    case SignatureScheme::rsa_pkcs1_sha512:
      return {Family::rsa, "SHA512", kSha512};
    case SignatureScheme::ecdsa_sha256:
      return {Family::ecdsa, "SHA256", kSha256};
    case SignatureScheme::ecdsa_sha384:
      return {Family::ecdsa, "SHA384", kSha384};
    case SignatureScheme::ecdsa_sha512:
      return {Family::ecdsa, "SHA512", kSha512};
    case SignatureScheme::eddsa:
      break;
  }
  return {Family::eddsa, nullptr, {}};
}

struct KeyFacts {
  Family family;
  std::size_t signature_bytes;  // as the token gives it
  Bytes curve_oid;              // a whole TLV; empty for RSA
};

KeyFacts facts_of(KeyType type) {
  switch (type) {
    case KeyType::rsa_2048:
      return {Family::rsa, 256, {}};
    case KeyType::rsa_3072:
      return {Family::rsa, 384, {}};
    case KeyType::rsa_4096:
      return {Family::rsa, 512, {}};
    case KeyType::ec_p256:
      return {Family::ecdsa, 64, {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}};
    case KeyType::ec_p384:
      return {Family::ecdsa, 96, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}};
    case KeyType::ec_p521:
      return {Family::ecdsa, 132, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}};
    case KeyType::ed25519:
      break;
  }
  return {Family::eddsa, 64, {0x06, 0x03, 0x2b, 0x65, 0x70}};
}

// PKCS#11 3.0, 6.3.3: a curve may also go by its name.
constexpr std::string_view kEdwardsName = "edwards25519";

Bytes digest_of(const char* name, ByteView message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, name, nullptr, message.data(), message.size(), out.data(), &size) != 1) {
    throw Error{ErrorClass::fatal_config, std::string{"OpenSSL has no "} + name};
  }
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

std::string_view name_of(KeyType type) {
  switch (type) {
    case KeyType::rsa_2048:
      return "RSA-2048";
    case KeyType::rsa_3072:
      return "RSA-3072";
    case KeyType::rsa_4096:
      return "RSA-4096";
    case KeyType::ec_p256:
      return "EC P-256";
    case KeyType::ec_p384:
      return "EC P-384";
    case KeyType::ec_p521:
      return "EC P-521";
    case KeyType::ed25519:
      break;
  }
  return "Ed25519";
}

std::string_view name_of(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::rsa_pkcs1_sha256:
      return "RSA PKCS#1 with SHA-256";
    case SignatureScheme::rsa_pkcs1_sha384:
      return "RSA PKCS#1 with SHA-384";
    case SignatureScheme::rsa_pkcs1_sha512:
      return "RSA PKCS#1 with SHA-512";
    case SignatureScheme::ecdsa_sha256:
      return "ECDSA with SHA-256";
    case SignatureScheme::ecdsa_sha384:
      return "ECDSA with SHA-384";
    case SignatureScheme::ecdsa_sha512:
      return "ECDSA with SHA-512";
    case SignatureScheme::eddsa:
      break;
  }
  return "EdDSA";
}

SigningInput signing_input(KeyType key, SignatureScheme scheme, ByteView message) {
  const SchemeFacts wanted = facts_of(scheme);
  const KeyFacts has = facts_of(key);
  if (wanted.family != has.family) {
    throw Error{ErrorClass::bad_request,
                std::string{name_of(key)} + " key cannot make a signature of " + std::string{name_of(scheme)},
                "choose the signing algorithm that fits the key"};
  }
  switch (wanted.family) {
    case Family::eddsa:
      return {CKM_EDDSA, Bytes{message.begin(), message.end()}};
    case Family::ecdsa: {
      Bytes digest = digest_of(wanted.digest, message);
      // FIPS 186-5, 6.4.1: the leftmost bits, as many as the order has. Tokens refuse more.
      digest.resize(std::min(digest.size(), has.signature_bytes / 2));
      return {CKM_ECDSA, std::move(digest)};
    }
    case Family::rsa:
      break;
  }
  // DigestInfo ::= SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, NULL }, OCTET STRING }
  Bytes algorithm = der::wrapped(der::kObjectIdentifier, wanted.digest_oid);
  der::append(algorithm, Bytes{der::kNull, 0x00});
  Bytes info = der::wrapped(der::kSequence, algorithm);
  der::append(info, der::wrapped(der::kOctetString, digest_of(wanted.digest, message)));
  return {CKM_RSA_PKCS, der::wrapped(der::kSequence, info)};
}

Bytes signature_from_token(KeyType key, ByteView output) {
  const KeyFacts facts = facts_of(key);
  if (output.size() != facts.signature_bytes) {
    throw Error{ErrorClass::reconnect, "C_Sign", CKR_OK,
                "a signature of " + std::to_string(output.size()) + " bytes from a key of " +
                    std::string{name_of(key)},
                "see the module's own log"};
  }
  if (facts.family != Family::ecdsa) {
    return {output.begin(), output.end()};
  }
  const std::size_t half = output.size() / 2;
  Bytes body = der::unsigned_integer(output.first(half));
  der::append(body, der::unsigned_integer(output.last(half)));
  return der::wrapped(der::kSequence, body);
}

SignatureScheme natural_scheme(KeyType key) {
  switch (key) {
    case KeyType::rsa_2048:
    case KeyType::rsa_3072:
    case KeyType::rsa_4096:
      return SignatureScheme::rsa_pkcs1_sha256;
    case KeyType::ec_p256:
      return SignatureScheme::ecdsa_sha256;
    case KeyType::ec_p384:
      return SignatureScheme::ecdsa_sha384;
    case KeyType::ec_p521:
      return SignatureScheme::ecdsa_sha512;
    case KeyType::ed25519:
      break;
  }
  return SignatureScheme::eddsa;
}

Bytes curve_parameters(KeyType key) { return facts_of(key).curve_oid; }

std::optional<KeyType> key_type_of_curve(ByteView parameters) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::ed25519}) {
    if (std::ranges::equal(parameters, facts_of(type).curve_oid)) {
      return type;
    }
  }
  const Bytes name =
      der::wrapped(der::kPrintableString,
                   ByteView{reinterpret_cast<const std::uint8_t*>(kEdwardsName.data()), kEdwardsName.size()});
  if (std::ranges::equal(parameters, name)) {
    return KeyType::ed25519;
  }
  return std::nullopt;
}

std::optional<KeyType> key_type_of_modulus(std::size_t modulus_bytes) {
  for (const KeyType type : {KeyType::rsa_2048, KeyType::rsa_3072, KeyType::rsa_4096}) {
    if (facts_of(type).signature_bytes == modulus_bytes) {
      return type;
    }
  }
  return std::nullopt;
}

std::string mechanism_name(unsigned long mechanism) {
  struct Named {
    unsigned long value;
    const char* name;
  };
  static constexpr std::array kNames = std::to_array<Named>({
      {CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN"},
      {CKM_RSA_PKCS, "CKM_RSA_PKCS"},
      {CKM_RSA_X_509, "CKM_RSA_X_509"},
      {CKM_SHA1_RSA_PKCS, "CKM_SHA1_RSA_PKCS"},
      {CKM_RSA_PKCS_OAEP, "CKM_RSA_PKCS_OAEP"},
      {CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"},
      {CKM_SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS"},
      {CKM_SHA384_RSA_PKCS, "CKM_SHA384_RSA_PKCS"},
      {CKM_SHA512_RSA_PKCS, "CKM_SHA512_RSA_PKCS"},
      {CKM_SHA256_RSA_PKCS_PSS, "CKM_SHA256_RSA_PKCS_PSS"},
      {CKM_SHA384_RSA_PKCS_PSS, "CKM_SHA384_RSA_PKCS_PSS"},
      {CKM_SHA512_RSA_PKCS_PSS, "CKM_SHA512_RSA_PKCS_PSS"},
      {0x1CUL, "CKM_ML_DSA_KEY_PAIR_GEN"},  // PKCS#11 3.2; not in p11-kit 0.25
      {0x1DUL, "CKM_ML_DSA"},
      {CKM_SHA_1, "CKM_SHA_1"},
      {CKM_SHA256, "CKM_SHA256"},
      {CKM_SHA384, "CKM_SHA384"},
      {CKM_SHA512, "CKM_SHA512"},
      {CKM_SHA256_HMAC, "CKM_SHA256_HMAC"},
      {CKM_SHA384_HMAC, "CKM_SHA384_HMAC"},
      {CKM_SHA512_HMAC, "CKM_SHA512_HMAC"},
      {CKM_AES_KEY_GEN, "CKM_AES_KEY_GEN"},
      {CKM_AES_CBC, "CKM_AES_CBC"},
      {CKM_AES_CBC_PAD, "CKM_AES_CBC_PAD"},
      {CKM_AES_GCM, "CKM_AES_GCM"},
      {CKM_AES_KEY_WRAP, "CKM_AES_KEY_WRAP"},
      {CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"},
      {CKM_ECDSA, "CKM_ECDSA"},
      {CKM_ECDSA_SHA1, "CKM_ECDSA_SHA1"},
      {CKM_ECDSA_SHA256, "CKM_ECDSA_SHA256"},
      {CKM_ECDSA_SHA384, "CKM_ECDSA_SHA384"},
      {CKM_ECDSA_SHA512, "CKM_ECDSA_SHA512"},
      {CKM_ECDH1_DERIVE, "CKM_ECDH1_DERIVE"},
      {CKM_EC_EDWARDS_KEY_PAIR_GEN, "CKM_EC_EDWARDS_KEY_PAIR_GEN"},
      {CKM_EDDSA, "CKM_EDDSA"},
  });
  for (const Named& entry : kNames) {
    if (entry.value == mechanism) {
      return entry.name;
    }
  }
  std::array<char, 32> number{};
  static_cast<void>(std::snprintf(number.data(), number.size(), "0x%lx", mechanism));
  return number.data();
}

}  // namespace pkcs11
