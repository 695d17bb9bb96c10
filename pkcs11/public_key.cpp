#include "pkcs11/public_key.hpp"

#include <memory>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

#include "pkcs11/der.hpp"
#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

struct PublicKeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using OwnedKey = std::unique_ptr<EVP_PKEY, PublicKeyFree>;

OwnedKey parsed(ByteView spki) {
  const unsigned char* at = spki.data();
  OwnedKey key{d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()))};
  if (at != spki.data() + spki.size()) {
    key.reset();
  }
  ERR_clear_error();
  return key;
}

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm, BIT STRING }; what the token says is not believed unseen.
Bytes checked_spki(const Bytes& algorithm, ByteView key_bits) {
  Bytes bits{0x00};
  der::append(bits, key_bits);
  Bytes body = der::wrapped(der::kSequence, algorithm);
  der::append(body, der::wrapped(der::kBitString, bits));
  Bytes spki = der::wrapped(der::kSequence, body);
  const OwnedKey key = parsed(spki);
  const std::unique_ptr<EVP_PKEY_CTX, PublicKeyFree> context{
      key ? EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr) : nullptr};
  const bool valid = context && EVP_PKEY_public_check_quick(context.get()) == 1;
  ERR_clear_error();
  if (!valid) {
    throw Error{ErrorClass::key_refused, "the token's public key is no valid key of its type",
                "see the module's own log; generate the key anew"};
  }
  return spki;
}

std::size_t coordinate_bytes(KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return 32;
    case KeyType::ec_p384:
      return 48;
    case KeyType::ec_p521:
      return 66;
    case KeyType::rsa_2048:
    case KeyType::rsa_3072:
    case KeyType::rsa_4096:
    case KeyType::ed25519:
      break;
  }
  return 0;
}

// SEC 1, 2.3.3: 04 X Y; RFC 8032: 32 bytes.
bool is_raw_point(KeyType type, ByteView point) {
  const std::size_t coordinate = coordinate_bytes(type);
  return coordinate == 0 ? point.size() == 32 : point.size() == 1 + 2 * coordinate && point.front() == 0x04;
}

const char* digest_name(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::rsa_pkcs1_sha256:
    case SignatureScheme::ecdsa_sha256:
      return "SHA256";
    case SignatureScheme::rsa_pkcs1_sha384:
    case SignatureScheme::ecdsa_sha384:
      return "SHA384";
    case SignatureScheme::rsa_pkcs1_sha512:
    case SignatureScheme::ecdsa_sha512:
      return "SHA512";
    case SignatureScheme::eddsa:
      break;
  }
  return nullptr;
}

}  // namespace

Bytes rsa_spki(ByteView modulus, ByteView public_exponent) {
  Bytes key = der::unsigned_integer(modulus);
  der::append(key, der::unsigned_integer(public_exponent));
  // rsaEncryption with NULL parameters (RFC 3279, 2.3.1).
  const Bytes algorithm{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
  return checked_spki(algorithm, der::wrapped(der::kSequence, key));
}

Bytes ec_spki(KeyType type, ByteView point) {
  const auto inner = der::contents_of(der::kOctetString, point);
  if (inner && is_raw_point(type, *inner)) {
    point = *inner;
  } else if (!is_raw_point(type, point)) {
    throw Error{ErrorClass::key_refused,
                "the token's CKA_EC_POINT is no uncompressed point of " + std::string{name_of(type)},
                "see the module's own log"};
  }
  if (type == KeyType::ed25519) {
    return checked_spki(curve_parameters(type), point);  // id-Ed25519 (RFC 8410, 3)
  }
  Bytes algorithm{0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};  // id-ecPublicKey (RFC 5480, 2.1.1)
  der::append(algorithm, curve_parameters(type));
  return checked_spki(algorithm, point);
}

bool verifies(ByteView spki_der, SignatureScheme scheme, ByteView message, ByteView signature) {
  const OwnedKey key = parsed(spki_der);
  const std::unique_ptr<EVP_MD_CTX, PublicKeyFree> context{EVP_MD_CTX_new()};
  const bool good = key && context &&
                    EVP_DigestVerifyInit_ex(context.get(), nullptr, digest_name(scheme), nullptr, nullptr,
                                            key.get(), nullptr) == 1 &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                                     message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace pkcs11
