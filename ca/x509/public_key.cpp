#include "ca/x509/public_key.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/openssl.hpp"

namespace ca {
namespace {

constexpr const char* kRsaEncryption = "1.2.840.113549.1.1.1";
constexpr const char* kEcPublicKey = "1.2.840.10045.2.1";
constexpr const char* kEd25519 = "1.3.101.112";
constexpr int kMinRsaBits = 512;  // below it OpenSSL itself refuses
// Of modulus and exponent: they bound the cost of one verification, which anybody can ask for with a CSR.
constexpr int kMaxRsaBits = 8192;
constexpr int kMaxExponentBits = 256;  // CA/Browser Forum Baseline Requirements, 6.1.6

struct Curve {
  const char* oid;
  int bits;
  const char* name;  // as OpenSSL knows it
};
constexpr std::array kCurves{
    Curve{"1.2.840.10045.3.1.7", 256, "P-256"},
    Curve{"1.3.132.0.34", 384, "P-384"},
    Curve{"1.3.132.0.35", 521, "P-521"},
};

int bit_length(ByteView number) {
  return static_cast<int>(number.size() - 1) * 8 + static_cast<int>(std::bit_width(number.front()));
}

openssl::Pkey key_from(OSSL_PARAM_BLD* fields, const char* type) {
  const openssl::Params params{OSSL_PARAM_BLD_to_param(fields)};
  const openssl::PkeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* key = nullptr;
  if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1) {
    (void)EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get());
  }
  return openssl::Pkey{key};
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error{Code::malformed_csr, "The public key is not usable: " + why};
}

}  // namespace

struct PublicKey::Parsed {
  Bytes spki;
  Bytes key_octets;  // contents of the BIT STRING
  KeyFamily family = KeyFamily::ec;
  int bits = 0;
  const char* curve = nullptr;  // EC only
  Bytes modulus;
  Bytes exponent;
  openssl::Pkey key;

  void read_rsa(der::Reader parameters);
  void read_ec(der::Reader parameters);
  void read_ed25519(const der::Reader& parameters);
  [[nodiscard]] openssl::Pkey make_key() const;
};

void PublicKey::Parsed::read_rsa(der::Reader parameters) {
  if (!parameters.take(der::tag::kNull, "parameters").contents.empty()) {
    refuse("the parameters of an RSA key must be NULL");
  }
  parameters.end();
  der::Reader outer{key_octets, "RSAPublicKey"};
  der::Reader fields = outer.enter(der::tag::kSequence, "RSAPublicKey");
  outer.end();
  const ByteView n = fields.unsigned_integer("modulus");
  const ByteView e = fields.unsigned_integer("exponent");
  fields.end();
  family = KeyFamily::rsa;
  bits = bit_length(n);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    refuse("the RSA modulus has " + std::to_string(bits) + " bits");
  }
  if (bit_length(e) > kMaxExponentBits) {
    refuse("the RSA exponent has " + std::to_string(bit_length(e)) + " bits");
  }
  // RFC 8017, 3.1: n is a product of odd primes, e is at least 3 and has no factor in common with an even
  // number.
  if ((n.back() & 1U) == 0 || (e.back() & 1U) == 0 || (e.size() == 1 && e[0] < 3)) {
    refuse((n.back() & 1U) == 0   ? "the RSA modulus is even"
           : (e.back() & 1U) == 0 ? "the RSA exponent is even"
                                  : "the RSA exponent is below 3");
  }
  modulus.assign(n.begin(), n.end());
  exponent.assign(e.begin(), e.end());
}

void PublicKey::Parsed::read_ec(der::Reader parameters) {
  if (parameters.peek_tag() != der::tag::kOid) {
    refuse("an EC key must name its curve");
  }
  const Oid name = parameters.oid("curve");
  parameters.end();
  const auto known =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& row) { return name == row.oid; });
  if (known == kCurves.end()) {
    refuse("the EC curve " + name + " is not supported: use P-256, P-384 or P-521");
  }
  const auto field_octets = static_cast<std::size_t>((known->bits + 7) / 8);
  if (key_octets.size() != 1 + 2 * field_octets || key_octets[0] != 0x04) {
    refuse("the EC point must be in uncompressed form");
  }
  family = KeyFamily::ec;
  curve = known->name;
  bits = known->bits;
}

void PublicKey::Parsed::read_ed25519(const der::Reader& parameters) {
  parameters.end();
  if (key_octets.size() != 32) {
    refuse("an Ed25519 key has 32 bytes");
  }
  family = KeyFamily::ed25519;
  bits = 256;
}

// d2i_PUBKEY tries every decoder of every provider, which takes 0.3 ms; the fields are known here. Null when
// OpenSSL refuses them: an EC point is checked to be on its curve.
openssl::Pkey PublicKey::Parsed::make_key() const {
  switch (family) {
    case KeyFamily::ed25519:
      return openssl::Pkey{
          EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_octets.data(), key_octets.size())};
    case KeyFamily::ec: {
      const openssl::ParamBuilder fields{OSSL_PARAM_BLD_new()};
      const bool built =
          fields &&
          OSSL_PARAM_BLD_push_utf8_string(fields.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
          OSSL_PARAM_BLD_push_octet_string(fields.get(), OSSL_PKEY_PARAM_PUB_KEY, key_octets.data(),
                                           key_octets.size()) == 1;
      return built ? key_from(fields.get(), "EC") : openssl::Pkey{};
    }
    case KeyFamily::rsa: {
      const openssl::ParamBuilder fields{OSSL_PARAM_BLD_new()};
      const openssl::Number n{BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr)};
      const openssl::Number e{BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr)};
      const bool built = fields && n && e &&
                         OSSL_PARAM_BLD_push_BN(fields.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                         OSSL_PARAM_BLD_push_BN(fields.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1;
      return built ? key_from(fields.get(), "RSA") : openssl::Pkey{};
    }
  }
  return {};
}

PublicKey::PublicKey(std::shared_ptr<const Parsed> parsed) : parsed_{std::move(parsed)} {}

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { OID, parameters OPTIONAL }, BIT STRING } (RFC
// 5280, 4.1)
PublicKey PublicKey::parse(ByteView spki_der) {
  der::Reader outer{spki_der, "subjectPublicKeyInfo"};
  der::Reader fields = outer.enter(der::tag::kSequence, "subjectPublicKeyInfo");
  outer.end();
  der::Reader algorithm = fields.enter(der::tag::kSequence, "key algorithm");
  const Oid id = algorithm.oid("key algorithm");
  const ByteView octets = fields.octet_aligned_bits("public key");
  fields.end();

  auto parsed = std::make_shared<Parsed>();
  parsed->spki.assign(spki_der.begin(), spki_der.end());
  parsed->key_octets.assign(octets.begin(), octets.end());
  if (id == kRsaEncryption) {
    parsed->read_rsa(algorithm);
  } else if (id == kEcPublicKey) {
    parsed->read_ec(algorithm);
  } else if (id == kEd25519) {
    parsed->read_ed25519(algorithm);
  } else {
    refuse("the algorithm " + id + " is not supported: use RSA, EC or Ed25519");
  }
  parsed->key = parsed->make_key();
  if (!parsed->key) {
    const std::string why = openssl::take_errors();
    refuse(parsed->family == KeyFamily::ec ? "the point is not on its curve" : why);
  }
  return PublicKey{std::move(parsed)};
}

const Bytes& PublicKey::spki_der() const { return parsed_->spki; }
KeyFamily PublicKey::family() const { return parsed_->family; }
int PublicKey::bits() const { return parsed_->bits; }
const Bytes& PublicKey::key_octets() const { return parsed_->key_octets; }
Bytes PublicKey::rsa_modulus() const { return parsed_->modulus; }
Bytes PublicKey::rsa_exponent() const { return parsed_->exponent; }
Bytes PublicKey::subject_key_id() const { return sha1(parsed_->key_octets); }

bool PublicKey::verify(SigningAlgorithm algorithm, ByteView message, ByteView signature) const {
  const EVP_MD* digest = nullptr;
  switch (algorithm) {
    case SigningAlgorithm::sha256_with_rsa:
    case SigningAlgorithm::sha256_with_ecdsa:
      digest = EVP_sha256();
      break;
    case SigningAlgorithm::sha384_with_rsa:
    case SigningAlgorithm::sha384_with_ecdsa:
      digest = EVP_sha384();
      break;
    case SigningAlgorithm::sha512_with_rsa:
    case SigningAlgorithm::sha512_with_ecdsa:
      digest = EVP_sha512();
      break;
    case SigningAlgorithm::ed25519:
      break;
  }
  if (family_of(algorithm) != parsed_->family) {
    return false;
  }
  const openssl::MdContext context{EVP_MD_CTX_new()};
  if (!context) {
    throw Error{Code::internal, "no memory to verify a signature"};
  }
  const bool verified =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, parsed_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) ==
          1;
  ERR_clear_error();
  return verified;
}

}  // namespace ca
