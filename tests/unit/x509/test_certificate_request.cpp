#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certificate_request.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace der = ca::der;
using ca::CertificateRequest;

namespace {

void refused(const ca::Bytes& der, const std::string& why) {
  try {
    (void)CertificateRequest::parse(der);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_csr);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

void refused_pem(const std::string& pem, const std::string& why) {
  try {
    (void)CertificateRequest::parse_pem(pem);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_csr);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

}  // namespace

TEST_CASE("csr: subject and key and extensions are read", "[x509]") {
  for (const char* kind : {"P-256", "P-384", "P-521", "ED25519", "RSA:2048"}) {
    const auto key = test::make_pkey(kind);
    const ca::Bytes der = test::request_der(
        key.get(),
        {.extensions = {test::san({test::dns("a.example")}), {ca::oid::kKeyUsage, true, {3, 2, 5, 0xA0}}}});
    const auto request = CertificateRequest::parse(der);
    CHECK(request.der == der);
    CHECK(request.subject.text() == "CN=device-7");
    CHECK(request.public_key.spki_der() == test::spki_of(key.get()));
    REQUIRE(request.extensions.size() == 2);
    CHECK(request.extensions[1].critical);
    CHECK(request.subject_alt_names.at(0).text() == "DNS:a.example");
    const auto pem = CertificateRequest::parse_pem(ca::to_pem("NEW CERTIFICATE REQUEST", der) + "\r\n");
    CHECK(pem.der == der);
  }
}

TEST_CASE("csr: one without attributes is read", "[x509]") {
  const auto key = test::make_pkey("P-256");
  CHECK(test::request(key.get()).extensions.empty());
  const ca::Bytes info =
      der::element(der::tag::kSequence,
                   {der::small_integer(0), test::name_der({{"2.5.4.3", "x"}}), test::spki_of(key.get())});
  CHECK(CertificateRequest::parse(
            ca::assemble_signed(info, ca::SigningAlgorithm::sha256_with_ecdsa, test::sign(key.get(), info)))
            .extensions.empty());
}

TEST_CASE("csr: the signature must be by the key inside", "[x509][I11]") {
  const auto key = test::make_pkey("P-256");
  const auto other = test::make_pkey("P-256");
  refused(test::request_der(key.get(), {.spki = test::spki_of(other.get())}), "does not verify");
  const auto rsa = test::make_pkey("RSA:2048");
  refused(test::request_der(key.get(), {.spki = test::spki_of(rsa.get())}), "does not verify");
}

TEST_CASE("csr: every bit of it counts", "[x509][I11]") {
  for (const char* kind : {"P-256", "ED25519"}) {
    const auto key = test::make_pkey(kind);
    const ca::Bytes good =
        test::request_der(key.get(), {.extensions = {test::san({test::dns("device-7.example")})}});
    CHECK_NOTHROW(CertificateRequest::parse(good));
    std::size_t unsigned_by_key = 0;  // well-formed, but not what the key has signed
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      ca::Bytes changed = good;
      changed[bit / 8] ^= static_cast<std::uint8_t>(0x80U >> bit % 8);
      INFO(kind << ", bit " << bit);
      try {
        (void)CertificateRequest::parse(changed);
        FAIL("accepted");
      } catch (const ca::Error& error) {
        CHECK(error.code() == ca::Code::malformed_csr);
        unsigned_by_key += std::string{error.what()}.find("does not verify") != std::string::npos ? 1U : 0U;
      }
    }
    // The signature of 64 bytes and most letters of both names.
    CHECK(unsigned_by_key > 600);
  }
}

TEST_CASE("csr: truncations and trailing bytes are refused", "[x509][I16]") {
  const auto key = test::make_pkey("P-256");
  ca::Bytes der = test::request_der(key.get(), {.extensions = {test::san({test::dns("a.example")})}});
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK_THROWS_AS(CertificateRequest::parse(ca::ByteView{der}.first(size)), ca::Error);
  }
  der.push_back(0);
  refused(der, "trailing bytes");
}

TEST_CASE("csr: exactly one PEM block of the right label is read", "[x509][I16]") {
  const auto key = test::make_pkey("P-256");
  const std::string pem = ca::to_pem("CERTIFICATE REQUEST", test::request_der(key.get()));
  CHECK_NOTHROW(CertificateRequest::parse_pem(pem));
  refused_pem(pem + "\n" + pem, "more than 1 block");
  refused_pem("", "empty");
  refused_pem("garbage", "not valid PEM");
  refused_pem(ca::to_pem("CERTIFICATE", test::request_der(key.get())), "is a CERTIFICATE");
  refused_pem(ca::to_pem("PRIVATE KEY", test::request_der(key.get())), "is a PRIVATE KEY");
  refused_pem("text\n" + pem, "text outside");
  refused_pem(std::string(70000, 'A'), "larger than 32768");
  refused(ca::Bytes(40000, 0x30), "larger than 32768");
}

TEST_CASE("csr: bad names are refused although the signature is good", "[x509][I11][I16]") {
  const auto key = test::make_pkey("P-256");
  refused(test::request_der(key.get(), {.subject = test::name_der({{"2.5.4.3", std::string{"a\0b", 3}}})}),
          "without control characters");
  refused(
      test::request_der(key.get(), {.extensions = {test::san({test::dns("ok.example"), test::dns("a\nb")})}}),
      "without control characters");
  refused(
      test::request_der(
          key.get(), {.extensions = {test::san(std::vector<ca::GeneralName>(500, test::dns("a.example")))}}),
      "more than 150 names");
}

TEST_CASE("csr: names are strict where those of imported certificates are not", "[x509][I11]") {
  const auto key = test::make_pkey("P-256");
  const ca::Bytes turned =
      der::element(der::tag::kSequence, test::rdn_der({{"2.5.4.10", "Org"}, {"2.5.4.3", "x"}}));
  refused(test::request_der(key.get(), {.subject = turned}), "order of DER");
  const ca::Bytes starred = test::name_der({{"2.5.4.3", "*.example", der::tag::kPrintableString}});
  refused(test::request_der(key.get(), {.subject = starred}), "valid in its string type");
  for (const ca::Bytes& name : {turned, starred}) {
    refused(
        test::request_der(key.get(), {.extensions = {test::san({{ca::GeneralName::Kind::directory, name}})}}),
        "");
  }
}

TEST_CASE("csr: odd shapes are refused", "[x509][I16]") {
  const auto key = test::make_pkey("P-256");
  const auto san = test::san({test::dns("a.example")});
  refused(test::request_der(key.get(), {.version = 1}), "version");
  refused(test::request_der(key.get(), {.extensions = {san, san}}), "twice");
  ca::Bytes twice = test::extension_request({san});
  const ca::Bytes once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  refused(test::request_der(key.get(), {.attributes = twice}), "twice");
  // critical FALSE written out
  const ca::Bytes row = ca::from_hex("3011300f0603551d1101010004053003820161");
  const ca::Bytes attribute = der::element(
      der::tag::kSequence, {der::oid("1.2.840.113549.1.9.14"), der::element(der::tag::kSet, row)});
  refused(test::request_der(key.get(), {.attributes = attribute}), "critical mark");
  std::vector<ca::Extension> many;
  for (int i = 0; i < 65; ++i) {
    many.push_back({"1.2.3." + std::to_string(i), false, {5, 0}});
  }
  refused(test::request_der(key.get(), {.extensions = many}), "more than 64");
  // SHA-1
  const ca::Bytes info =
      der::element(der::tag::kSequence,
                   {der::small_integer(0), test::name_der({{"2.5.4.3", "x"}}), test::spki_of(key.get())});
  const ca::Bytes sha1 = der::element(der::tag::kSequence, {info, ca::from_hex("300906072a8648ce3d0401"),
                                                            der::bit_string(test::sign(key.get(), info))});
  refused(sha1, "not supported");
}

TEST_CASE("csr: the one of an authority asks for CA TRUE and is read by our own parser", "[x509]") {
  const auto key = test::make_pkey("P-256");
  const auto subject = ca::encode_subject({.common_name = "Example Root"});
  const ca::Bytes info = ca::build_request_info(subject, test::spki_of(key.get()), {});
  const auto request = CertificateRequest::parse(
      ca::assemble_signed(info, ca::SigningAlgorithm::sha256_with_ecdsa, test::sign(key.get(), info)));
  CHECK(request.subject == subject);
  REQUIRE(request.extensions.size() == 1);
  CHECK(request.extensions[0] == ca::Extension{ca::oid::kBasicConstraints, true, ca::from_hex("30030101ff")});
}
