#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "daemon/acmpca/operation_shapes.hpp"
#include "daemon/acmpca/patterns.hpp"
#include "tests/support/catch.hpp"

namespace shape = acmpca::shape;
using nlohmann::json;

namespace {

const std::string kArn =
    "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555";

json issue_input() {
  return {{"CertificateAuthorityArn", kArn},
          {"Csr", ca::to_base64(ca::bytes_of("CSR"))},
          {"SigningAlgorithm", "SHA256WITHECDSA"},
          {"Validity", {{"Value", 30}, {"Type", "DAYS"}}}};
}

ca::Code code_of(const acmpca::Shape& shape, const json& input) {
  try {
    (void)acmpca::checked(shape, input);
  } catch (const ca::Error& error) {
    return error.code();
  }
  FAIL("accepted");
  return ca::Code::internal;
}

}  // namespace

TEST_CASE("constraints: a missing member is named in the words of AWS", "[acmpca]") {
  CHECK_THROWS_WITH(acmpca::checked(shape::kDescribeCertificateAuthority, json::object()),
                    "1 validation error detected: Value null at 'certificateAuthorityArn' failed to satisfy "
                    "constraint: Member must not be null");
  CHECK(code_of(shape::kDescribeCertificateAuthority, {{"CertificateAuthorityArn", nullptr}}) ==
        ca::Code::constraint_violation);
}

TEST_CASE("constraints: every violation is told with its path", "[acmpca]") {
  json input = issue_input();
  input["SigningAlgorithm"] = "MD5WITHRSA";
  input["Validity"]["Value"] = 0;
  CHECK_THROWS_WITH(
      acmpca::checked(shape::kIssueCertificate, input),
      "2 validation errors detected: Value 'MD5WITHRSA' at 'signingAlgorithm' failed to satisfy constraint: "
      "Member must satisfy enum value set: [SHA256WITHECDSA, SHA384WITHECDSA, SHA512WITHECDSA, "
      "SHA256WITHRSA, "
      "SHA384WITHRSA, SHA512WITHRSA, SM3WITHSM2, ML_DSA_44, ML_DSA_65, ML_DSA_87, ED25519]; Value '0' at "
      "'validity.value' failed to satisfy constraint: Member must have value greater than or equal to 1");
}

TEST_CASE("constraints: length and pattern are both told", "[acmpca]") {
  CHECK_THROWS_WITH(
      acmpca::checked(shape::kDescribeCertificateAuthority, {{"CertificateAuthorityArn", "foo"}}),
      "2 validation errors detected: Value 'foo' at 'certificateAuthorityArn' failed to satisfy "
      "constraint: Member must have length greater than or equal to 5; Value 'foo' at "
      "'certificateAuthorityArn' failed to satisfy constraint: Member must satisfy regular "
      "expression pattern: arn:[\\w+=/,.@-]+:acm-pca:[\\w+=/,.@-]*:[0-9]*:[\\w+=,.@-]+"
      "(/[\\w+=,.@-]+)*");
}

TEST_CASE("constraints: list items carry their place", "[acmpca]") {
  const json input{{"CertificateAuthorityType", "ROOT"},
                   {"CertificateAuthorityConfiguration",
                    {{"KeyAlgorithm", "EC_prime256v1"},
                     {"SigningAlgorithm", "SHA256WITHECDSA"},
                     {"Subject", {{"CommonName", "Root"}}}}},
                   {"Tags", {{{"Key", "a"}}, {{"Value", "b"}}}}};
  CHECK_THROWS_WITH(acmpca::checked(shape::kCreateCertificateAuthority, input),
                    "1 validation error detected: Value null at 'tags.2.member.key' failed to satisfy "
                    "constraint: Member must not be null");
}

TEST_CASE("constraints: length counts characters and the echo stays bounded UTF-8", "[acmpca][I16]") {
  json input = issue_input();
  std::string umlauts;
  for (int i = 0; i < 36; ++i) {
    umlauts += "\xC3\xA4";
  }
  input["IdempotencyToken"] = umlauts;
  CHECK_NOTHROW(acmpca::checked(shape::kIssueCertificate, input));
  input["IdempotencyToken"] = umlauts + "x";
  CHECK(code_of(shape::kIssueCertificate, input) == ca::Code::constraint_violation);

  std::string longer = "x";
  while (longer.size() < 60000) {
    longer += "\xC3\xA4";
  }
  input["IdempotencyToken"] = longer;
  try {
    (void)acmpca::checked(shape::kIssueCertificate, input);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    const std::string text = error.what();
    CHECK(text.size() < 500);
    CHECK_NOTHROW(json(text).dump());
  }
}

TEST_CASE("constraints: many violations do not make a long answer", "[acmpca][I16]") {
  json attributes = json::array();
  for (int i = 0; i < 150; ++i) {
    attributes.push_back({{"ObjectIdentifier", std::string(1000, 'x')}, {"Value", ""}});
  }
  const json input{{"CertificateAuthorityType", "ROOT"},
                   {"CertificateAuthorityConfiguration",
                    {{"KeyAlgorithm", "EC_prime256v1"},
                     {"SigningAlgorithm", "SHA256WITHECDSA"},
                     {"Subject", {{"CustomAttributes", attributes}}}}}};
  try {
    (void)acmpca::checked(shape::kCreateCertificateAuthority, input);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK_THAT(std::string{error.what()}, StartsWith("450 validation errors detected: "));
    CHECK(std::string{error.what()}.size() < 20000);
  }
}

TEST_CASE("constraints: a member of the wrong JSON type is malformed", "[acmpca]") {
  json input = issue_input();
  SECTION("number for a string") { input["SigningAlgorithm"] = 5; }
  SECTION("fraction for a whole number") { input["Validity"]["Value"] = 1.5; }
  SECTION("string for a number") { input["Validity"]["Value"] = "30"; }
  SECTION("number beyond 64 bits") { input["Validity"]["Value"] = 18446744073709551615ULL; }
  SECTION("list for an object") { input["Validity"] = json::array(); }
  SECTION("ApiPassthrough that is no object") { input["ApiPassthrough"] = "x"; }
  SECTION("bad base64") { input["Csr"] = "****"; }
  SECTION("base64 without padding") { input["Csr"] = "Q1N"; }
  CHECK(code_of(shape::kIssueCertificate, input) == ca::Code::malformed_request);
}

TEST_CASE("constraints: blobs are measured in bytes after base64", "[acmpca]") {
  json input = issue_input();
  input["Csr"] = ca::to_base64(ca::bytes_of(std::string(32768, 'x')));
  CHECK_NOTHROW(acmpca::checked(shape::kIssueCertificate, input));
  input["Csr"] = ca::to_base64(ca::bytes_of(std::string(32769, 'x')));
  CHECK(code_of(shape::kIssueCertificate, input) == ca::Code::constraint_violation);
  input["Csr"] = "";
  CHECK(code_of(shape::kIssueCertificate, input) == ca::Code::constraint_violation);
}

TEST_CASE("constraints: unknown and null members are left out at every depth", "[acmpca]") {
  json input = issue_input();
  input["Surprise"] = 1;
  input["TemplateArn"] = nullptr;
  input["Validity"]["Surprise"] = json::array();
  input["ApiPassthrough"] = {{"Subject", {{"CommonName", "x"}, {"Surprise", 7}, {"Title", nullptr}}}};
  json expected = issue_input();
  expected["ApiPassthrough"] = {{"Subject", {{"CommonName", "x"}}}};
  CHECK(acmpca::checked(shape::kIssueCertificate, input) == expected);
}

TEST_CASE("patterns: ARNs", "[acmpca]") {
  CHECK(acmpca::pattern::is_arn(kArn));
  CHECK(acmpca::pattern::is_arn("arn:aws:acm-pca:::template/EndEntityCertificate/V1"));
  for (const char* wrong :
       {"", "arn", "arn:aws:s3:::bucket", "arn:aws:acm-pca:us-east-1:12a:x/y", "arn::acm-pca:::x",
        "arn:aws:acm-pca:::", "arn:aws:acm-pca:::x//y", "arn:aws:acm-pca:::x/", "arn:aws:acm-pca:::x:y",
        "arn:aws:acm-pca:::x y", "arn:aws:acm-pca:::*"}) {
    CAPTURE(wrong);
    CHECK_FALSE(acmpca::pattern::is_arn(wrong));
  }
}

TEST_CASE("patterns: object identifiers and character sets", "[acmpca]") {
  CHECK(acmpca::pattern::is_oid("2.5.4.3"));
  CHECK(acmpca::pattern::is_oid("1.3.6.1.4.1.37244.1.1"));
  CHECK(acmpca::pattern::is_oid("1.39"));
  for (const char* wrong : {"", "3.1", "1", "1.", "1.2.", "1..2", "1.40", "1.100", "a.b", "1.2.x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(acmpca::pattern::is_oid(wrong));
  }
  CHECK(acmpca::pattern::is_latin1("a\tb\r\n\xC3\xBF"));
  CHECK_FALSE(acmpca::pattern::is_latin1("\x01"));
  CHECK_FALSE(acmpca::pattern::is_latin1("\xC4\x80"));
  CHECK(acmpca::pattern::is_printable("O'Neil (x), +a-b.c:d/e=f?"));
  CHECK_FALSE(acmpca::pattern::is_printable("a@b"));
  CHECK(acmpca::pattern::is_tag("team:a/b@c +1=_-. \xC3\xA4"));
  CHECK(acmpca::pattern::is_tag(
      "\xE6\x97\xA5\xD9\xA3\xE2\x80\x83"));  // a letter, a digit and a space of Unicode
  CHECK_FALSE(acmpca::pattern::is_tag("a*b"));
  CHECK_FALSE(acmpca::pattern::is_tag("\xF0\x9F\x94\x91"));  // a symbol
  CHECK_FALSE(acmpca::pattern::is_tag("a\tb"));
  CHECK(acmpca::pattern::is_country("de"));
  CHECK_FALSE(acmpca::pattern::is_country("d1"));
  CHECK(acmpca::pattern::is_account_id("123456789012"));
  CHECK_FALSE(acmpca::pattern::is_account_id("12345678901a"));
  CHECK(acmpca::pattern::is_audit_report_id("11111111-2222-3333-4444-55555555555a"));
  CHECK_FALSE(acmpca::pattern::is_audit_report_id("11111111-2222-3333-4444-55555555555A"));
  CHECK_FALSE(acmpca::pattern::is_audit_report_id("11111111x2222-3333-4444-555555555555"));
  CHECK(acmpca::pattern::is_base64(""));
  CHECK(acmpca::pattern::is_base64("AAA="));
  for (const char* wrong : {"AAA", "A===", "AA=A", "===A", "AAA-"}) {
    CAPTURE(wrong);
    CHECK_FALSE(acmpca::pattern::is_base64(wrong));
  }
  CHECK(acmpca::pattern::is_cname("crl.example.com/x"));
  CHECK_FALSE(acmpca::pattern::is_cname("crl example"));
  CHECK(acmpca::pattern::is_crl_path("a/b-c"));
  for (const char* wrong : {"", "/a", "a/", "a//b", "a b"}) {
    CAPTURE(wrong);
    CHECK_FALSE(acmpca::pattern::is_crl_path(wrong));
  }
  CHECK(acmpca::pattern::is_principal("acm.amazonaws.com"));
  CHECK_FALSE(acmpca::pattern::is_principal("*"));
  CHECK(acmpca::pattern::is_bucket("my-bucket/path"));
  CHECK_FALSE(acmpca::pattern::is_bucket("my bucket"));
}
