#include "ca/x509/public_key.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <openssl/x509.h>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/openssl.hpp"

namespace ca {
namespace {

constexpr const char* kRsaEncryption = "1.2.840.113549.1.1.1";
constexpr const char* kEcPublicKey = "1.2.840.10045.2.1";
constexpr const char* kEd25519 = "1.3.101.112";
constexpr int kMinRsaBits = 512;    // below it OpenSSL itself refuses
constexpr int kMaxRsaBits = 16384;  // above it OpenSSL does not verify; bounds the cost of one verification

struct Curve {
  const char* oid;
  int bits;
};
constexpr std::array kCurves{
    Curve{"1.2.840.10045.3.1.7", 256},
    Curve{"1.3.132.0.34", 384},
    Curve{"1.3.132.0.35", 521},
};

int bit_length(ByteView number) {
  return static_cast<int>(number.size() - 1) * 8 + static_cast<int>(std::bit_width(number.front()));
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
  Bytes modulus;
  Bytes exponent;
  openssl::Pkey key;

  void read_rsa(der::Reader parameters);
  void read_ec(der::Reader parameters);
  void read_ed25519(const der::Reader& parameters);
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
  const auto curve =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& known) { return name == known.oid; });
  if (curve == kCurves.end()) {
    refuse("the EC curve " + name + " is not supported: use P-256, P-384 or P-521");
  }
  const auto field_octets = static_cast<std::size_t>((curve->bits + 7) / 8);
  if (key_octets.size() != 1 + 2 * field_octets || key_octets[0] != 0x04) {
    refuse("the EC point must be in uncompressed form");
  }
  family = KeyFamily::ec;
  bits = curve->bits;
}

void PublicKey::Parsed::read_ed25519(const der::Reader& parameters) {
  parameters.end();
  if (key_octets.size() != 32) {
    refuse("an Ed25519 key has 32 bytes");
  }
  family = KeyFamily::ed25519;
  bits = 256;
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
  const std::uint8_t* at = parsed->spki.data();
  parsed->key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(parsed->spki.size())));
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
