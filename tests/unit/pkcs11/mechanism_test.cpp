#include "pkcs11/mechanism.hpp"

#include <algorithm>
#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>

#include "pkcs11/der.hpp"
#include "pkcs11/error.hpp"
#include "pkcs11/public_key.hpp"
#include "tests/support/catch.hpp"

using namespace pkcs11;

namespace {

using OpenSslKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bytes bytes(const std::string& text) { return {text.begin(), text.end()}; }

Bytes spki_by_openssl(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

Bytes octets_of(EVP_PKEY* key, const char* parameter) {
  Bytes value(1024);
  std::size_t size = 0;
  REQUIRE(EVP_PKEY_get_octet_string_param(key, parameter, value.data(), value.size(), &size) == 1);
  value.resize(size);
  return value;
}

Bytes number_of(EVP_PKEY* key, const char* parameter) {
  BIGNUM* number = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key, parameter, &number) == 1);
  Bytes value(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, value.data());
  BN_free(number);
  return value;
}

OpenSslKey ec_key(const char* curve) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve), &EVP_PKEY_free};
}

}  // namespace

TEST_CASE("der: lengths are written in the shortest form", "[pkcs11]") {
  CHECK(der::wrapped(der::kOctetString, Bytes{}) == Bytes{0x04, 0x00});
  CHECK(der::wrapped(der::kOctetString, Bytes(127)).size() == 129);
  const Bytes middle = der::wrapped(der::kOctetString, Bytes(128));
  CHECK(Bytes(middle.begin(), middle.begin() + 3) == Bytes{0x04, 0x81, 0x80});
  const Bytes large = der::wrapped(der::kOctetString, Bytes(256));
  CHECK(Bytes(large.begin(), large.begin() + 4) == Bytes{0x04, 0x82, 0x01, 0x00});
}

TEST_CASE("der: an unsigned integer is short and never negative", "[pkcs11]") {
  CHECK(der::unsigned_integer(Bytes{0x00, 0x00, 0x01}) == Bytes{0x02, 0x01, 0x01});
  CHECK(der::unsigned_integer(Bytes{0x80}) == Bytes{0x02, 0x02, 0x00, 0x80});
  CHECK(der::unsigned_integer(Bytes{0x00, 0x00}) == Bytes{0x02, 0x01, 0x00});
  CHECK(der::unsigned_integer(Bytes{}) == Bytes{0x02, 0x01, 0x00});
}

TEST_CASE("der: only one whole element in shortest form is opened", "[pkcs11][I16]") {
  const auto opens = [](const Bytes& encoded) {
    return der::contents_of(der::kOctetString, encoded).has_value();
  };
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 70000U}) {
    const Bytes encoded = der::wrapped(der::kOctetString, Bytes(size, 0x5a));
    REQUIRE(opens(encoded));
    CHECK(der::contents_of(der::kOctetString, encoded)->size() == size);
  }
  CHECK_FALSE(opens({}));
  CHECK_FALSE(opens({0x04}));
  CHECK_FALSE(opens({0x05, 0x00}));
  CHECK_FALSE(opens({0x04, 0x02, 0x00}));
  CHECK_FALSE(opens({0x04, 0x00, 0x00}));
  CHECK_FALSE(opens({0x04, 0x80, 0x00, 0x00}));
  CHECK_FALSE(opens({0x04, 0x81, 0x01, 0x00}));
  CHECK_FALSE(opens({0x04, 0x82, 0x00, 0x80}));
  CHECK_FALSE(opens({0x04, 0x84, 0x01, 0x00, 0x00, 0x00}));
}

TEST_CASE("mechanism: RSA input is the DigestInfo of RFC 8017", "[pkcs11]") {
  const auto input = signing_input(KeyType::rsa_2048, SignatureScheme::rsa_pkcs1_sha256, bytes("abc"));
  CHECK(input.mechanism == CKM_RSA_PKCS);
  // RFC 8017, 9.2, note 1, and FIPS 180-4's digest of "abc".
  const Bytes prefix{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                     0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  REQUIRE(input.data.size() == 51);
  CHECK(std::equal(prefix.begin(), prefix.end(), input.data.begin()));
  CHECK(input.data[19] == 0xba);
  CHECK(input.data[50] == 0xad);
  CHECK(signing_input(KeyType::rsa_2048, SignatureScheme::rsa_pkcs1_sha512, bytes("abc")).data.size() == 83);
}

TEST_CASE("mechanism: a digest longer than the curve's order is cut", "[pkcs11]") {
  const auto size = [](KeyType key, SignatureScheme scheme) {
    return signing_input(key, scheme, bytes("abc")).data.size();
  };
  CHECK(size(KeyType::ec_p256, SignatureScheme::ecdsa_sha256) == 32);
  CHECK(size(KeyType::ec_p256, SignatureScheme::ecdsa_sha512) == 32);
  CHECK(size(KeyType::ec_p384, SignatureScheme::ecdsa_sha512) == 48);
  CHECK(size(KeyType::ec_p521, SignatureScheme::ecdsa_sha512) == 64);
  CHECK(size(KeyType::ec_p521, SignatureScheme::ecdsa_sha256) == 32);
}

TEST_CASE("mechanism: EdDSA takes the message itself", "[pkcs11]") {
  const auto input = signing_input(KeyType::ed25519, SignatureScheme::eddsa, bytes("abc"));
  CHECK(input.mechanism == CKM_EDDSA);
  CHECK(input.data == bytes("abc"));
}

TEST_CASE("mechanism: a scheme of another key type is refused", "[pkcs11]") {
  CHECK_THROWS_AS(signing_input(KeyType::rsa_2048, SignatureScheme::ecdsa_sha256, Bytes{}), Error);
  CHECK_THROWS_AS(signing_input(KeyType::ec_p256, SignatureScheme::eddsa, Bytes{}), Error);
  CHECK_THROWS_AS(signing_input(KeyType::ed25519, SignatureScheme::rsa_pkcs1_sha256, Bytes{}), Error);
}

TEST_CASE("mechanism: r and s become two DER integers", "[pkcs11]") {
  Bytes raw(64, 0x00);
  raw[31] = 0x01;
  raw[32] = 0xff;
  const Bytes signature = signature_from_token(KeyType::ec_p256, raw);
  Bytes wanted{0x30, 38, 0x02, 0x01, 0x01, 0x02, 33, 0x00, 0xff};
  wanted.resize(40, 0x00);
  CHECK(signature == wanted);
  CHECK_THROWS_AS(signature_from_token(KeyType::ec_p256, Bytes(63)), Error);
  CHECK_THROWS_AS(signature_from_token(KeyType::ec_p384, Bytes(64)), Error);
  CHECK(signature_from_token(KeyType::ed25519, Bytes(64, 0x07)) == Bytes(64, 0x07));
  CHECK_THROWS_AS(signature_from_token(KeyType::rsa_2048, Bytes(255)), Error);
}

TEST_CASE("mechanism: curves are known by OID and Ed25519 also by its name", "[pkcs11]") {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::ed25519}) {
    CHECK(key_type_of_curve(curve_parameters(type)) == type);
  }
  CHECK(key_type_of_curve(der::wrapped(der::kPrintableString, bytes("edwards25519"))) == KeyType::ed25519);
  CHECK_FALSE(key_type_of_curve(Bytes{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a}));  // secp256k1
  CHECK(key_type_of_modulus(256) == KeyType::rsa_2048);
  CHECK_FALSE(key_type_of_modulus(128));
  CHECK(mechanism_name(CKM_ECDSA) == "CKM_ECDSA");
  CHECK(mechanism_name(0x80001234UL) == "0x80001234");
}

TEST_CASE("public key: an EC point is taken wrapped and raw and equals OpenSSL's encoding", "[pkcs11]") {
  struct Curve {
    const char* name;
    KeyType type;
  };
  for (const Curve& curve : {Curve{"P-256", KeyType::ec_p256}, Curve{"P-384", KeyType::ec_p384},
                             Curve{"P-521", KeyType::ec_p521}}) {
    INFO(curve.name);
    const auto key = ec_key(curve.name);
    const Bytes point = octets_of(key.get(), "pub");
    CHECK(ec_spki(curve.type, point) == spki_by_openssl(key.get()));
    CHECK(ec_spki(curve.type, der::wrapped(der::kOctetString, point)) == spki_by_openssl(key.get()));
  }
  const OpenSslKey ed{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free};
  const Bytes point = octets_of(ed.get(), "pub");
  CHECK(ec_spki(KeyType::ed25519, point) == spki_by_openssl(ed.get()));
  CHECK(ec_spki(KeyType::ed25519, der::wrapped(der::kOctetString, point)) == spki_by_openssl(ed.get()));
}

TEST_CASE("public key: a point that is not on its curve is refused", "[pkcs11][I14]") {
  const auto key = ec_key("P-256");
  Bytes point = octets_of(key.get(), "pub");
  point.back() ^= 1U;
  CHECK_THROWS_AS(ec_spki(KeyType::ec_p256, point), Error);
  CHECK_THROWS_AS(ec_spki(KeyType::ec_p384, octets_of(key.get(), "pub")), Error);
  CHECK_THROWS_AS(ec_spki(KeyType::ec_p256, Bytes{}), Error);
}

TEST_CASE("public key: an RSA key equals OpenSSL's encoding", "[pkcs11]") {
  const OpenSslKey key{EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}), &EVP_PKEY_free};
  Bytes modulus = number_of(key.get(), "n");
  CHECK(rsa_spki(modulus, number_of(key.get(), "e")) == spki_by_openssl(key.get()));
  modulus.insert(modulus.begin(), 0x00);  // as some tokens give it
  CHECK(rsa_spki(modulus, Bytes{0x01, 0x00, 0x01}) == spki_by_openssl(key.get()));
  CHECK_THROWS_AS(rsa_spki(Bytes{}, Bytes{0x03}), Error);
}

TEST_CASE("public key: a signature of another message or key does not verify", "[pkcs11][I4]") {
  const auto key = ec_key("P-256");
  const Bytes spki = spki_by_openssl(key.get());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  Bytes signature(128);
  std::size_t size = signature.size();
  const Bytes message = bytes("abc");
  REQUIRE(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  signature.resize(size);
  CHECK(verifies(spki, SignatureScheme::ecdsa_sha256, message, signature));
  CHECK_FALSE(verifies(spki, SignatureScheme::ecdsa_sha384, message, signature));
  CHECK_FALSE(verifies(spki, SignatureScheme::ecdsa_sha256, bytes("abd"), signature));
  CHECK_FALSE(
      verifies(spki_by_openssl(ec_key("P-256").get()), SignatureScheme::ecdsa_sha256, message, signature));
  CHECK_FALSE(verifies(bytes("no key"), SignatureScheme::ecdsa_sha256, message, signature));
  CHECK_FALSE(verifies(spki, SignatureScheme::ecdsa_sha256, message, Bytes{}));
}
