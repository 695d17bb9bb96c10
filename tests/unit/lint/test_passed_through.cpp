#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/lint/fixture.hpp"

using test::LintCase;

namespace {

constexpr const char* kLeaf = "EndEntityCertificate_APICSRPassthrough";
constexpr const char* kBlankLeaf = "BlankEndEntityCertificate_APICSRPassthrough";
constexpr const char* kBlankAuthority = "BlankSubordinateCACertificate_PathLen1_APICSRPassthrough";
constexpr const char* kAny = "1.2.3";

ca::Extension extension(const char* id, const std::string& hex, bool critical = false) {
  return {id, critical, ca::from_hex(hex)};
}

// A certificate that has what its CSR asked for.
LintCase with(const char* name, const ca::Extension& asked) {
  LintCase sample{name};
  sample.asked = {asked};
  sample.tbs.extensions.push_back(asked);
  return sample;
}

void refused(const LintCase& sample, const std::string& why, ca::Code code = ca::Code::internal) {
  try {
    (void)sample.lint();
    FAIL("passed: " << why);
  } catch (const ca::Error& error) {
    CHECK(error.code() == code);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

}  // namespace

TEST_CASE("lint: what was asked for passes octet for octet and with its criticality", "[lint][I4][I11]") {
  CHECK_NOTHROW(with(kLeaf, extension(kAny, "0500", true)).lint());
  LintCase sample = with(kLeaf, extension(kAny, "0500", true));
  sample.tbs.extensions.back().critical = false;
  refused(sample, "extension 1.2.3 is not as it was asked for");
  LintCase other = with(kLeaf, extension(kAny, "020107"));
  other.tbs.extensions.back().value.back() = 8;
  refused(other, "extension 1.2.3 is not as it was asked for");
  other.tbs.extensions.pop_back();
  refused(other, "extension 1.2.3 is not as it was asked for");
}

TEST_CASE("lint: an extension that nobody asked for or that the template does not take is a defect",
          "[lint][I11]") {
  LintCase unasked{kLeaf};
  unasked.add(kAny, false, "0500");
  refused(unasked, "extension 1.2.3 is not in the template and was not passed through");
  for (const char* name : {"EndEntityCertificate", "EndEntityCertificate_APIPassthrough"}) {
    refused(with(name, extension(kAny, "0500")), "was not passed through");
  }
  LintCase by_api{"EndEntityCertificate_CSRPassthrough"};
  by_api.api.extensions = {extension(kAny, "0500")};
  CHECK_NOTHROW(by_api.lint());
  by_api.add(kAny, false, "0500");
  refused(by_api, "was not passed through");
}

TEST_CASE("lint: the API's extension is the one that counts", "[lint][I11]") {
  LintCase sample = with(kLeaf, extension(kAny, "020101"));
  sample.api.extensions = {extension(kAny, "020102")};
  refused(sample, "is not as it was asked for");
  sample.tbs.extensions.back() = extension(kAny, "020102");
  CHECK_NOTHROW(sample.lint());
}

TEST_CASE("lint: what the template fixes stands whatever was asked for", "[lint][I11]") {
  for (const auto& [id, hex] :
       std::vector<std::pair<const char*, const char*>>{{ca::oid::kBasicConstraints, "30060101ff020109"},
                                                        {ca::oid::kAuthorityKeyIdentifier, "30058003010203"},
                                                        {ca::oid::kSubjectKeyIdentifier, "0403010203"},
                                                        {ca::oid::kKeyUsage, "03020186"},
                                                        {ca::oid::kExtendedKeyUsage, "300606042a030405"}}) {
    INFO(id);
    LintCase sample{kLeaf};
    sample.asked = {extension(id, hex, true)};
    sample.api.extensions = sample.asked;
    CHECK_NOTHROW(sample.lint());
    sample.extension(id) = sample.asked[0];
    refused(sample, std::string{"extension "} + id + " is not what the template says");
  }
}

TEST_CASE("lint: pointers that somebody asked for and authorities' extensions in a leaf are defects",
          "[lint][I11]") {
  const auto elsewhere = extension(ca::oid::kCrlDistributionPoints,
                                   "301d301ba019a0178615687474703a2f2f63726c2e746573742f312e63726c");
  refused(with("BlankRootCACertificate_APIPassthrough", elsewhere), "must not be critical nor in a root");
  refused(with(kLeaf, extension(ca::oid::kFreshestCrl, "3000")), "was not passed through");
  for (const char* id : {ca::oid::kNameConstraints, ca::oid::kPolicyMappings, ca::oid::kPolicyConstraints,
                         ca::oid::kInhibitAnyPolicy}) {
    refused(with(kLeaf, extension(id, "3000", true)), "was not passed through");
  }
}

TEST_CASE("lint: pointers are those of the authority and of nobody else", "[lint][I11]") {
  const auto crl = extension(ca::oid::kCrlDistributionPoints,
                             "301d301ba019a0178615687474703a2f2f63726c2e746573742f312e63726c");
  const auto ocsp = extension(ca::oid::kAuthorityInfoAccess,
                              "301f301d06082b060105050730018611687474703a2f2f6f6373702e746573742f");
  LintCase sample{kBlankLeaf};
  sample.asked = {crl, ocsp};
  sample.api.extensions = {crl, ocsp};
  CHECK_NOTHROW(sample.lint());  // asked for, and not there
  sample.tbs.extensions.push_back(crl);
  refused(sample, "a pointer is not the authority's own");
  sample.pointers.crl_uri = "http://crl.test/2.crl";
  refused(sample, "a pointer is not the authority's own");
  sample.pointers.crl_uri = "http://crl.test/1.crl";
  CHECK_NOTHROW(sample.lint());
  sample.tbs.extensions.push_back(ocsp);
  refused(sample, "a pointer is not the authority's own");
  sample.pointers.ocsp_uri = "http://ocsp.test/";
  CHECK_NOTHROW(sample.lint());
  sample.pointers.ca_issuers_uri = "http://ca.test/";
  refused(sample, "a pointer is not the authority's own");
}

TEST_CASE("lint: a passed key usage gives a leaf no right to sign", "[lint][I11]") {
  const auto usage = [](const char* name, const char* hex) {
    LintCase sample{name};
    sample.asked = {extension(ca::oid::kKeyUsage, hex, true)};
    sample.tbs.extensions.push_back(sample.asked[0]);
    return sample;
  };
  CHECK_NOTHROW(usage(kBlankLeaf, "03020780").lint());
  CHECK_NOTHROW(usage(kBlankAuthority, "03020186").lint());
  CHECK_NOTHROW(usage(kBlankAuthority, "03020780").lint());
  for (const char* signing : {"03020204", "03020102"}) {
    refused(usage(kBlankLeaf, signing), "the key usage does not fit the CA bit");
  }
  LintCase sample = usage(kBlankLeaf, "03020520");
  CHECK_NOTHROW(sample.lint());
  sample.set_key(test::spki_of(test::make_pkey("ED25519").get()));
  refused(sample, "the key usage does not fit an Ed25519 key");
  refused(with(kBlankAuthority, extension(ca::oid::kExtendedKeyUsage, "300a06082b06010505070309")),
          "may not sign OCSP answers");
  LintCase absent = usage(kBlankLeaf, "03020780");
  absent.tbs.extensions.pop_back();
  refused(absent, "extension 2.5.29.15 is not what the template says");
}

TEST_CASE("lint: a passed value that is not strict is found again", "[lint][I11]") {
  refused(with(kLeaf, extension(kAny, "050005")), "extension 1.2.3 is not valid");
  refused(with(kBlankAuthority, extension(ca::oid::kNameConstraints, "300ba009300782056578616d70")),
          "must be critical");
}

TEST_CASE("lint: name constraints for an authority must be such that somebody can evaluate", "[lint][I11]") {
  CHECK_NOTHROW(
      with(kBlankAuthority, extension(ca::oid::kNameConstraints, "300ba009300782056578616d70", true)).lint());
  // A registeredID, and one with a minimum.
  for (const char* hex : {"3008a006300488022a03", "300ea00c300a82056578616d70800101"}) {
    refused(with(kBlankAuthority, extension(ca::oid::kNameConstraints, hex, true)), "cannot be evaluated",
            ca::Code::name_not_permitted);
  }
}

TEST_CASE("lint: names of the API are those of the certificate and obey the constraints above",
          "[lint][I11]") {
  const auto name = [](const char* dns) { return test::san({test::dns(dns)}); };
  LintCase sample{"EndEntityCertificate_APIPassthrough"};
  sample.asked = {name("of.csr.example")};
  sample.api.extensions = {name("of.api.example")};
  sample.tbs.extensions.push_back(name("of.api.example"));
  CHECK_NOTHROW(sample.lint());
  sample.tbs.extensions.back() = name("of.csr.example");
  refused(sample, "the SAN is not the one that was asked for");
  sample.tbs.extensions.pop_back();
  refused(sample, "the SAN is not the one that was asked for");
  sample.tbs.extensions.push_back(name("of.api.example"));
  sample.issuer.extensions = {extension(ca::oid::kNameConstraints, "300ba009300782056578616d70", true)};
  refused(sample, "name constraints do not permit it", ca::Code::name_not_permitted);

  LintCase subject{"EndEntityCertificate_APIPassthrough"};
  subject.api.subject = ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "of the API"}}));
  refused(subject, "the subject is not the one that was asked for");
  subject.tbs.subject = *subject.api.subject;
  CHECK_NOTHROW(subject.lint());
}

TEST_CASE("lint: what passed stands before the SAN and behind the pointers", "[lint]") {
  LintCase sample{kLeaf};
  sample.asked = {extension(kAny, "0500")};
  sample.add_names({test::dns("a.example")});
  sample.tbs.extensions.push_back(sample.asked[0]);
  refused(sample, "out of order");
  LintCase early{kLeaf};
  early.asked = {extension(kAny, "0500")};
  early.tbs.extensions.insert(early.tbs.extensions.begin(), early.asked[0]);
  refused(early, "out of order");
}

TEST_CASE("lint: a stored row keeps what passed and nothing else", "[lint][I4][I19]") {
  const LintCase sample = with(kLeaf, extension(kAny, "0500", true));
  const ca::Bytes der = sample.tbs.encode();
  const auto lint = [&](const std::vector<ca::Extension>& passed) {
    return ca::lint_stored({.der = der,
                            .serial = sample.tbs.serial,
                            .validity = sample.tbs.validity,
                            .key_hash = ca::sha256(sample.tbs.spki_der),
                            .algorithm = sample.tbs.signing_algorithm,
                            .passed_through = passed},
                           sample.tmpl, sample.issuer);
  };
  CHECK(lint(sample.asked).der() == der);
  CHECK_THROWS_AS(lint({}), ca::Error);
  CHECK_THROWS_AS(lint({extension(kAny, "0500", false)}), ca::Error);
  CHECK_THROWS_AS(lint({sample.asked[0], extension("1.2.4", "0500")}), ca::Error);
}

TEST_CASE("lint: an authority's own CSR asks for what was ordered", "[lint][I4]") {
  const auto key = test::make_pkey("P-256");
  const auto subject = ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Sub"}}));
  const std::vector<ca::Extension> extra{extension(ca::oid::kKeyUsage, "03020186", true)};
  const auto info = ca::lint_certification_request(subject, test::spki_of(key.get()),
                                                   ca::SigningAlgorithm::sha256_with_ecdsa, extra);
  const auto request = ca::CertificateRequest::parse(
      ca::assemble_signed(info.der(), info.algorithm(), test::sign(key.get(), info.der())));
  CHECK(request.extensions ==
        std::vector<ca::Extension>{extension(ca::oid::kBasicConstraints, "30030101ff", true), extra[0]});
}
