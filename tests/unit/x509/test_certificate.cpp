#include <openssl/x509v3.h>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/tbs_certificate.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace der = ca::der;
using ca::Certificate;

namespace {

ca::TbsCertificate tbs(EVP_PKEY* key) {
  using std::chrono::sys_days;
  using std::chrono::year;
  const auto name = ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Example Root"}}));
  return {.serial = ca::SerialNumber::from_hex("822e39aae54044e551010e64919961d2"),
          .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
          .issuer = name,
          .validity = {sys_days{year{2026} / 1 / 1}, sys_days{year{2060} / 1 / 1}},
          .subject = name,
          .spki_der = test::spki_of(key),
          .extensions = {{ca::oid::kBasicConstraints, true, ca::from_hex("30060101ff020103")},
                         {ca::oid::kSubjectKeyIdentifier, false, ca::from_hex("0402abcd")},
                         {ca::oid::kKeyUsage, true, ca::from_hex("03020186")}}};
}

ca::Bytes sealed(EVP_PKEY* key, const ca::Bytes& body) {
  return ca::assemble_signed(body, ca::SigningAlgorithm::sha256_with_ecdsa, test::sign(key, body));
}

}  // namespace

TEST_CASE("certificate: what was encoded is read back and verifies", "[x509]") {
  const auto key = test::make_pkey("P-256");
  const auto wanted = tbs(key.get());
  const auto read = Certificate::parse(sealed(key.get(), wanted.encode()));
  CHECK(read.tbs_der == wanted.encode());
  CHECK(ca::to_hex(read.serial) == "00822e39aae54044e551010e64919961d2");
  CHECK(read.issuer == wanted.issuer);
  CHECK(read.self_issued());
  CHECK(read.validity == wanted.validity);
  CHECK(read.extensions == wanted.extensions);
  CHECK(read.basic_constraints()->ca);
  CHECK(read.basic_constraints()->path_length == 3);
  CHECK(read.subject_key_id() == ca::Bytes{0xAB, 0xCD});
  CHECK(ca::key_usage_bits(read) == (1U | ca::kKeyCertSignBit | ca::kCrlSignBit));
  CHECK(read.is_signed_by(read.public_key));
  CHECK_FALSE(read.is_signed_by(ca::PublicKey::parse(test::spki_of(test::make_pkey("P-256").get()))));
  CHECK(read.find("1.2.3") == nullptr);
}

TEST_CASE("certificate: OpenSSL reads the same", "[x509]") {
  const auto key = test::make_pkey("P-256");
  const ca::Bytes der = sealed(key.get(), tbs(key.get()).encode());
  const std::uint8_t* at = der.data();
  const std::unique_ptr<X509, decltype(&X509_free)> x509{
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free};
  REQUIRE(x509);
  CHECK(X509_verify(x509.get(), key.get()) == 1);
  CHECK(X509_get_version(x509.get()) == 2);
  CHECK(X509_check_ca(x509.get()) == 1);
  CHECK(ASN1_STRING_type(X509_get0_notBefore(x509.get())) == V_ASN1_UTCTIME);
  CHECK(ASN1_STRING_type(X509_get0_notAfter(x509.get())) == V_ASN1_GENERALIZEDTIME);
}

TEST_CASE("certificate: every truncation and trailing byte is refused as a malformed certificate",
          "[x509][I16]") {
  const auto key = test::make_pkey("P-256");
  ca::Bytes der = sealed(key.get(), tbs(key.get()).encode());
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK_THROWS_AS(Certificate::parse(ca::ByteView{der}.first(size)), ca::Error);
  }
  der.push_back(0);
  try {
    (void)Certificate::parse(der);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_certificate);
  }
  CHECK_THROWS_AS(Certificate::parse(ca::Bytes(40000, 0x30)), ca::Error);
}

TEST_CASE("certificate: malformed parts are refused when it is read", "[x509][I16]") {
  const auto key = test::make_pkey("P-256");
  const auto refused = [&](auto change) {
    ca::TbsCertificate bad = tbs(key.get());
    change(bad);
    CHECK_THROWS_AS(Certificate::parse(sealed(key.get(), bad.encode())), ca::Error);
  };
  refused([](auto& c) { c.extensions[0].value = {0x30}; });
  refused([](auto& c) { c.extensions[0].value = ca::from_hex("3003010100"); });
  refused([](auto& c) { c.extensions[1].value = ca::from_hex("0402ab"); });
  refused([](auto& c) { c.extensions[2].value = ca::from_hex("03020187"); });
  refused([](auto& c) { c.extensions.push_back(c.extensions[0]); });
  refused([](auto& c) { c.extensions.push_back(test::san({test::dns("")})); });
  refused([](auto& c) { c.spki_der.back() ^= 1U; });
}

TEST_CASE("certificate: names of outside issuers are read as they are", "[x509]") {
  const auto key = test::make_pkey("P-256");
  auto wanted = tbs(key.get());
  const ca::Bytes subject =
      der::element(der::tag::kSequence, test::rdn_der({{"2.5.4.10", "Org"}, {"2.5.4.3", "x"}}));
  wanted.subject = ca::DistinguishedName::parse_imported(subject);
  wanted.issuer = ca::DistinguishedName::parse_imported(
      test::name_der({{"2.5.4.3", "R&D *", der::tag::kPrintableString}}));
  const auto read = Certificate::parse(sealed(key.get(), wanted.encode()));
  CHECK(read.subject.der() == subject);
  CHECK(read.issuer == wanted.issuer);
}

TEST_CASE("certificate: version 1 and a differing inner algorithm are refused", "[x509][I16]") {
  const auto key = test::make_pkey("P-256");
  ca::Bytes body = tbs(key.get()).encode();
  // The version follows the header of the SEQUENCE.
  const std::string hex = ca::to_hex(body);
  const auto at = hex.find("a003020102") / 2;
  REQUIRE(at == 4);
  CHECK_NOTHROW(Certificate::parse(sealed(key.get(), body)));
  for (const auto& [version, why] :
       {std::pair{0, "only version 3"}, {1, "only version 3"}, {3, "too large"}}) {
    ca::Bytes other = body;
    other[at + 4] = static_cast<std::uint8_t>(version);
    CHECK_THROWS_WITH(Certificate::parse(sealed(key.get(), other)), Contains(why));
  }
  const ca::Bytes mixed =
      ca::assemble_signed(body, ca::SigningAlgorithm::sha384_with_ecdsa, test::sign(key.get(), body));
  CHECK_THROWS_WITH(Certificate::parse(mixed), Contains("differs"));
}
