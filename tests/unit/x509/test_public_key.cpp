#include <array>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/public_key.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace der = ca::der;
using ca::PublicKey;

namespace {

ca::Bytes spki(std::initializer_list<ca::ByteView> algorithm, ca::ByteView key) {
  return der::element(der::tag::kSequence,
                      {der::element(der::tag::kSequence, algorithm), der::bit_string(key)});
}

ca::Bytes rsa_spki(const ca::Bytes& modulus, const ca::Bytes& exponent) {
  const ca::Bytes key =
      der::element(der::tag::kSequence, {der::unsigned_integer(modulus), der::unsigned_integer(exponent)});
  const ca::Bytes id = der::oid("1.2.840.113549.1.1.1");
  const ca::Bytes null{0x05, 0x00};
  return spki({id, null}, key);
}

}  // namespace

TEST_CASE("public key: every supported kind is parsed and verifies its own signatures only", "[x509]") {
  const auto message = test::bytes("message");
  for (const char* kind : {"P-256", "P-384", "P-521", "ED25519", "RSA:2048"}) {
    INFO(kind);
    const auto pkey = test::make_pkey(kind);
    const auto other = PublicKey::parse(test::spki_of(test::make_pkey(kind).get()));
    const auto key = PublicKey::parse(test::spki_of(pkey.get()));
    const auto algorithm = test::algorithm_of(pkey.get());
    ca::Bytes signature = test::sign(pkey.get(), message);
    CHECK(key.spki_der() == test::spki_of(pkey.get()));
    CHECK(key.bits() == (key.family() == ca::KeyFamily::ed25519 ? 256 : EVP_PKEY_get_bits(pkey.get())));
    CHECK(key.verify(algorithm, message, signature));
    CHECK_FALSE(other.verify(algorithm, message, signature));
    CHECK_FALSE(key.verify(algorithm, test::bytes("massage"), signature));
    signature[signature.size() / 2] ^= 1U;
    CHECK_FALSE(key.verify(algorithm, message, signature));
    CHECK_FALSE(key.verify(algorithm, message, {}));
    CHECK(ERR_peek_error() == 0);
  }
}

TEST_CASE("public key: an algorithm of another family never verifies", "[x509]") {
  const auto pkey = test::make_pkey("P-256");
  const auto key = PublicKey::parse(test::spki_of(pkey.get()));
  const auto message = test::bytes("message");
  const auto signature = test::sign(pkey.get(), message);
  CHECK_FALSE(key.verify(ca::SigningAlgorithm::sha256_with_rsa, message, signature));
  CHECK_FALSE(key.verify(ca::SigningAlgorithm::ed25519, message, signature));
  CHECK_FALSE(key.verify(ca::SigningAlgorithm::sha384_with_ecdsa, message, signature));
}

TEST_CASE("public key: the key identifier is the one that OpenSSL computes", "[x509]") {
  const auto pkey = test::make_pkey("P-256");
  const ca::Bytes der = test::spki_of(pkey.get());
  const std::uint8_t* at = der.data();
  X509_PUBKEY* key = d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  const unsigned char* octets = nullptr;
  int size = 0;
  X509_PUBKEY_get0_param(nullptr, &octets, &size, nullptr, key);
  std::array<unsigned char, 20> digest{};
  EVP_Digest(octets, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha1(), nullptr);
  X509_PUBKEY_free(key);
  CHECK(PublicKey::parse(der).subject_key_id() == ca::Bytes(digest.begin(), digest.end()));
}

TEST_CASE("public key: a point that is not on its curve is refused", "[x509][I16]") {
  for (const char* kind : {"P-256", "P-384", "P-521"}) {
    ca::Bytes der = test::spki_of(test::make_pkey(kind).get());
    der.back() ^= 1U;
    CHECK_THROWS_WITH(PublicKey::parse(der), Contains("not on its curve"));
  }
}

TEST_CASE("public key: compressed points and unknown curves and explicit parameters are refused",
          "[x509][I16]") {
  const ca::Bytes id = der::oid("1.2.840.10045.2.1");
  const ca::Bytes p256 = der::oid("1.2.840.10045.3.1.7");
  ca::Bytes compressed(33, 7);
  compressed[0] = 2;
  CHECK_THROWS_WITH(PublicKey::parse(spki({id, p256}, compressed)), Contains("uncompressed"));
  CHECK_THROWS_AS(PublicKey::parse(spki({id, p256}, ca::Bytes{0})), ca::Error);  // infinity
  CHECK_THROWS_WITH(PublicKey::parse(test::spki_of(test::make_pkey("secp256k1").get())),
                    Contains("not supported"));
  const ca::Bytes explicit_curve{0x30, 0x00};
  CHECK_THROWS_AS(PublicKey::parse(spki({id, explicit_curve}, ca::Bytes(65, 4))), ca::Error);
  const ca::Bytes dsa = der::oid("1.2.840.10040.4.1");
  CHECK_THROWS_WITH(PublicKey::parse(spki({dsa}, ca::Bytes(65, 4))), Contains("not supported"));
}

TEST_CASE("public key: numbers that make no RSA key are refused", "[x509][I16]") {
  ca::Bytes modulus(256, 0xAB);
  CHECK(PublicKey::parse(rsa_spki(modulus, {1, 0, 1})).bits() == 2048);
  CHECK(PublicKey::parse(rsa_spki(modulus, {1, 0, 1})).rsa_exponent() == ca::Bytes{1, 0, 1});
  CHECK(PublicKey::parse(rsa_spki(modulus, {1, 0, 1})).rsa_modulus() == modulus);
  CHECK_THROWS_WITH(PublicKey::parse(rsa_spki(modulus, {1, 0, 0})), Contains("exponent is even"));
  CHECK_THROWS_WITH(PublicKey::parse(rsa_spki(modulus, {1})), Contains("below 3"));
  CHECK_THROWS_AS(PublicKey::parse(rsa_spki(modulus, {0})), ca::Error);
  CHECK_THROWS_AS(PublicKey::parse(rsa_spki(ca::Bytes(16, 0xAB), {1, 0, 1})), ca::Error);
  CHECK_THROWS_AS(PublicKey::parse(rsa_spki(ca::Bytes(3000, 0xAB), {1, 0, 1})), ca::Error);
  modulus.back() = 0xAA;
  CHECK_THROWS_WITH(PublicKey::parse(rsa_spki(modulus, {1, 0, 1})), Contains("modulus is even"));
  CHECK_THROWS_AS(PublicKey::parse(rsa_spki({0}, {1, 0, 1})), ca::Error);
}

TEST_CASE("public key: an RSA key is bounded before anything is verified with it", "[x509][I16]") {
  const ca::Bytes exponent{1, 0, 1};
  CHECK(PublicKey::parse(rsa_spki(ca::Bytes(1024, 0xAB), exponent)).bits() == 8192);
  ca::Bytes modulus(1025, 0xAB);
  modulus[0] = 1;
  CHECK_THROWS_WITH(PublicKey::parse(rsa_spki(modulus, exponent)), Contains("8193 bits"));
  ca::Bytes huge(32, 0xFF);
  CHECK_NOTHROW(PublicKey::parse(rsa_spki(ca::Bytes(256, 0xAB), huge)));
  huge.insert(huge.begin(), 1);
  CHECK_THROWS_WITH(PublicKey::parse(rsa_spki(ca::Bytes(256, 0xAB), huge)),
                    Contains("exponent has 257 bits"));
}

TEST_CASE("public key: every truncation and every trailing byte is refused", "[x509][I16]") {
  for (const char* kind : {"P-256", "ED25519", "RSA:2048"}) {
    ca::Bytes der = test::spki_of(test::make_pkey(kind).get());
    for (std::size_t size = 0; size < der.size(); ++size) {
      CHECK_THROWS_AS(PublicKey::parse(ca::ByteView{der}.first(size)), ca::Error);
    }
    der.push_back(0);
    CHECK_THROWS_AS(PublicKey::parse(der), ca::Error);
  }
}

TEST_CASE("algorithm: names and encodings of all of them come back", "[x509]") {
  using S = ca::SigningAlgorithm;
  for (const S algorithm : {S::sha256_with_rsa, S::sha384_with_rsa, S::sha512_with_rsa, S::sha256_with_ecdsa,
                            S::sha384_with_ecdsa, S::sha512_with_ecdsa, S::ed25519}) {
    CHECK(ca::signing_algorithm_from_api(ca::api_name(algorithm)) == algorithm);
    CHECK(ca::signing_algorithm_from_der(ca::algorithm_identifier(algorithm)) == algorithm);
  }
  using K = ca::KeyAlgorithm;
  for (const K algorithm :
       {K::rsa_2048, K::rsa_3072, K::rsa_4096, K::ec_p256, K::ec_p384, K::ec_p521, K::ed25519}) {
    CHECK(ca::key_algorithm_from_api(ca::api_name(algorithm)) == algorithm);
  }
  CHECK(ca::api_name(K::ec_p256) == "EC_prime256v1");
  CHECK(ca::to_hex(ca::algorithm_identifier(S::sha256_with_rsa)) == "300d06092a864886f70d01010b0500");
  CHECK(ca::to_hex(ca::algorithm_identifier(S::sha256_with_ecdsa)) == "300a06082a8648ce3d040302");
  CHECK(ca::to_hex(ca::algorithm_identifier(S::ed25519)) == "300506032b6570");
  CHECK_FALSE(ca::signing_algorithm_from_api("ML_DSA_44"));
  CHECK_FALSE(ca::key_algorithm_from_api("SM2"));
  CHECK_FALSE(ca::signing_algorithm_from_der(ca::from_hex("300d06092a864886f70d0101050500")));  // SHA-1
}
