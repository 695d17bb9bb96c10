#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/templates/passthrough.hpp"
#include "ca/x509/extension_value.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace {

constexpr const char* kBlankLeaf = "BlankEndEntityCertificate_APICSRPassthrough";
constexpr const char* kBlankAuthority = "BlankSubordinateCACertificate_PathLen1_APICSRPassthrough";
constexpr const char* kAny = "1.3.6.1.4.1.99999.1";

ca::Extension extension(const char* id, const std::string& hex, bool critical = false) {
  return {id, critical, ca::from_hex(hex)};
}

struct Case {
  std::string tmpl = kBlankLeaf;
  std::vector<ca::Extension> csr;
  std::vector<ca::Extension> api;
  std::string key = "P-256";

  [[nodiscard]] ca::Granted grant() const {
    const auto pkey = test::make_pkey(key);
    const auto request = test::request(pkey.get(), {.extensions = csr});
    return ca::grant(ca::find_template({"aws", tmpl}), request, {std::nullopt, api});
  }
};

// Refused with the code of the one who asks, whoever that is.
void refused(const Case& sample, const std::string& why) {
  for (const bool by_api : {true, false}) {
    Case turned = sample;
    turned.csr = by_api ? std::vector<ca::Extension>{} : sample.api;
    turned.api = by_api ? sample.api : std::vector<ca::Extension>{};
    try {
      (void)turned.grant();
      FAIL("granted: " << why);
    } catch (const ca::Error& error) {
      CHECK(error.code() == (by_api ? ca::Code::invalid_args : ca::Code::malformed_csr));
      CHECK_THAT(std::string{error.what()}, Contains(why));
    }
  }
}

}  // namespace

TEST_CASE("grant: the API comes before the CSR and each keeps its criticality", "[templates][I11]") {
  const auto granted = Case{
      .csr = {extension(kAny, "0500", true), extension("1.2.3", "0101ff", true)},
      .api = {extension(
          kAny, "020101")}}.grant();
  CHECK(granted.extensions ==
        std::vector<ca::Extension>{extension(kAny, "020101"), extension("1.2.3", "0101ff", true)});
}

TEST_CASE("grant: only a template that takes passthrough gives it", "[templates][I11]") {
  for (const ca::Template& tmpl : ca::all_templates()) {
    INFO(tmpl.name);
    const auto granted = Case{.tmpl = std::string{tmpl.name},
                              .csr = {extension("1.2.3", "0500")},
                              .api = {extension("1.2.4", "0500")}}
                             .grant();
    const auto has = [&](const char* id) {
      return std::any_of(granted.extensions.begin(), granted.extensions.end(),
                         [&](const ca::Extension& passed) { return passed.id == id; });
    };
    CHECK(has("1.2.3") == tmpl.csr_passthrough);
    CHECK(has("1.2.4") == tmpl.api_passthrough);
  }
}

TEST_CASE("grant: nobody chooses basic constraints or key identifiers", "[templates][I11]") {
  for (const char* tmpl : {kBlankLeaf, kBlankAuthority, "BlankRootCACertificate_APIPassthrough",
                           "RootCACertificate_APIPassthrough"}) {
    const std::vector<ca::Extension> greedy{extension(ca::oid::kBasicConstraints, "30060101ff020109", true),
                                            extension(ca::oid::kAuthorityKeyIdentifier, "30058003010203"),
                                            extension(ca::oid::kSubjectKeyIdentifier, "0403010203"),
                                            extension(kAny, "0500")};
    const auto granted = Case{.tmpl = tmpl, .csr = greedy, .api = greedy}.grant();
    CHECK(granted.extensions == std::vector<ca::Extension>{extension(kAny, "0500")});
  }
}

TEST_CASE("grant: pointers and an authority's extensions are dropped from a CSR and refused from the API",
          "[templates][I11]") {
  const auto check = [](const char* tmpl, const char* id, const std::string& hex, const std::string& why) {
    INFO(id);
    CHECK(Case{.tmpl = tmpl, .csr = {extension(id, hex, true)}}.grant().extensions.empty());
    try {
      (void)Case{.tmpl = tmpl, .api = {extension(id, hex, true)}}.grant();
      FAIL("granted");
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::invalid_args);
      CHECK_THAT(std::string{error.what()}, Contains(std::string{id} + " is " + why));
    }
  };
  for (const char* tmpl : {kBlankLeaf, kBlankAuthority}) {
    for (const char* id :
         {ca::oid::kCrlDistributionPoints, ca::oid::kFreshestCrl, ca::oid::kAuthorityInfoAccess}) {
      check(tmpl, id, "3000", "set by the certificate authority alone");
    }
  }
  for (const char* id : {ca::oid::kNameConstraints, ca::oid::kPolicyMappings, ca::oid::kPolicyConstraints,
                         ca::oid::kInhibitAnyPolicy}) {
    check(kBlankLeaf, id, "3000", "for certificates of authorities only");
  }
  const auto constraint = extension(ca::oid::kNameConstraints, "300ba009300782056578616d70", true);
  CHECK_THROWS_AS(
      (Case{.tmpl = kBlankAuthority, .api = {extension(ca::oid::kNameConstraints, "3000")}}.grant()),
      ca::Error);
  CHECK(Case{.tmpl = kBlankAuthority, .csr = {constraint}}.grant().extensions.size() == 1);
}

TEST_CASE("grant: a leaf gets no right to sign and an Ed25519 key none to encipher", "[templates][I11]") {
  for (const char* bits : {"03020204", "03020102", "03020186"}) {  // keyCertSign, cRLSign, both with signing
    refused({.api = {extension(ca::oid::kKeyUsage, bits, true)}}, "certificates of authorities only");
    CHECK_NOTHROW(Case{.tmpl = kBlankAuthority, .csr = {extension(ca::oid::kKeyUsage, bits)}}.grant());
  }
  for (const char* bits : {"030205a0", "03020410", "03020308", "03020009", "0303070080"}) {
    refused({.api = {extension(ca::oid::kKeyUsage, std::string{bits} == "03020009" ? "03020001" : bits)},
             .key = "ED25519"},
            "Ed25519");
  }
  CHECK_NOTHROW(Case{.csr = {extension(ca::oid::kKeyUsage, "030206c0")}, .key = "ED25519"}.grant());
}

TEST_CASE("grant: an authority may not answer OCSP for its issuer", "[templates][I9][I11]") {
  const ca::Extension ocsp{ca::oid::kExtendedKeyUsage, false,
                           ca::encode_purposes({ca::oid::kClientAuth, ca::oid::kOcspSigning})};
  refused({.tmpl = kBlankAuthority, .api = {ocsp}}, "OCSPSigning");
  CHECK(Case{.api = {ocsp}}.grant().extensions.size() == 1);
}

TEST_CASE("grant: a value that is not strict DER is refused and one that nobody takes is not read",
          "[templates][I11]") {
  for (const char* bad : {"", "05", "050005", "0500 0500", "30800000", "0481", "04810100"}) {
    std::string hex{bad};
    hex.erase(std::remove(hex.begin(), hex.end(), ' '), hex.end());
    INFO(hex);
    refused({.api = {extension(kAny, hex)}}, "extension 1.3.6.1.4.1.99999.1 is not valid");
    CHECK_NOTHROW(
        Case{.tmpl = "EndEntityCertificate", .csr = {extension(kAny, hex)}, .api = {extension(kAny, hex)}}
            .grant());
  }
}

TEST_CASE("grant: number and size of what passes are bounded", "[templates][I16]") {
  Case many;
  for (std::size_t i = 0; i < ca::kMaxPassedExtensions; ++i) {
    many.api.push_back(extension(("1.2." + std::to_string(i + 1)).c_str(), "0500"));
  }
  CHECK(many.grant().extensions.size() == ca::kMaxPassedExtensions);
  many.api.push_back(extension("1.3.1", "0500"));
  refused(many, "more than 32 extensions");

  const auto of_size = [](std::size_t octets) {
    return ca::Extension{kAny, false, ca::der::element(ca::der::tag::kOctetString, ca::Bytes(octets, 1))};
  };
  constexpr std::size_t kHeader = 4;
  CHECK_NOTHROW(Case{.csr = {of_size(ca::kMaxPassedBytes - kHeader)}}.grant());
  refused({.api = {of_size(ca::kMaxPassedBytes - kHeader + 1)}}, "16384 bytes");
}

TEST_CASE("grant: names of the API replace those of the CSR as a whole", "[templates][I11]") {
  const auto pkey = test::make_pkey("P-256");
  const auto request = test::request(
      pkey.get(), {.extensions = {test::san({test::dns("a.example"), test::dns("b.example")})}});
  const ca::ApiPassthrough api{ca::encode_subject({.country = "US"}), {test::san({test::dns("c.example")})}};
  for (const ca::Template& tmpl : ca::all_templates()) {
    INFO(tmpl.name);
    const auto granted = ca::grant(tmpl, request, api);
    CHECK(granted.subject == (tmpl.api_passthrough ? *api.subject : request.subject));
    CHECK(granted.names_from_api == tmpl.api_passthrough);
    CHECK(granted.names ==
          (tmpl.api_passthrough ? std::vector{test::dns("c.example")} : request.subject_alt_names));
    CHECK(ca::grant(tmpl, request, {}).names == request.subject_alt_names);
  }
}

TEST_CASE("grant: a SAN is critical exactly when the subject is empty", "[templates]") {
  const auto pkey = test::make_pkey("P-256");
  ca::Extension names = test::san({test::dns("a.example")});
  names.critical = true;
  const ca::TemplateArn arn{"aws", kBlankLeaf};
  const auto& tmpl = ca::find_template(arn);
  CHECK_FALSE(ca::grant(tmpl, test::request(pkey.get(), {.extensions = {names}}), {}).alt_names->critical);
  names.critical = false;
  const auto nameless = test::request(pkey.get(), {.subject = ca::from_hex("3000"), .extensions = {names}});
  CHECK(ca::grant(tmpl, nameless, {}).alt_names->critical);
}
