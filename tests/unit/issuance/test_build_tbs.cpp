#include "ca/base/error.hpp"
#include "ca/issuance/build_tbs.hpp"
#include "ca/lint/lint.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/issuance/golden.hpp"
#include "tests/unit/lint/openssl_reading.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace {

ca::Seconds day(int year, int month, int date) {
  return std::chrono::sys_days{std::chrono::year{year} / month / date};
}

ca::CertificateRequest device() { return ca::CertificateRequest::parse(test::read_golden("request_device")); }
ca::CertificateRequest authority() {
  return ca::CertificateRequest::parse(test::read_golden("request_authority"));
}
ca::CertificateRequest san_only() {
  return ca::CertificateRequest::parse(test::read_golden("request_san_only"));
}

ca::IssuerIdentity issuer() {
  return {.subject = ca::encode_subject(
              {.country = "US", .organization = "Example Corp", .common_name = "Example Root"}),
          .subject_key_id = ca::from_hex("696dfeaf7dbcb932e89288364e4966a012becade"),
          .spki_der = test::read_golden("issuer_spki"),
          .validity = ca::Validity{day(2021, 3, 8), day(2061, 3, 8)},
          .path_length = std::nullopt,
          .extensions = {}};
}

struct Inputs {
  std::string tmpl = "EndEntityCertificate";
  ca::CertificateRequest request = device();
  ca::IssuerIdentity identity = issuer();
  ca::Validity validity{day(2026, 11, 24), day(2027, 11, 24)};
  ca::RevocationPointers pointers;
  ca::ApiPassthrough api;
  ca::SerialNumber serial = ca::SerialNumber::from_hex("822e39aae54044e551010e64919961d2");

  [[nodiscard]] const ca::Template& found() const { return ca::find_template({"aws", tmpl}); }
  [[nodiscard]] ca::TbsCertificate build() const {
    return ca::build_tbs({.tmpl = found(),
                          .issuer = identity,
                          .request = request,
                          .api = api,
                          .serial = serial,
                          .validity = validity,
                          .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
                          .pointers = pointers});
  }
  [[nodiscard]] ca::ToBeSigned lint(const ca::TbsCertificate& tbs) const {
    return ca::lint(tbs, found(), identity, {request.subject, request.extensions, api, pointers});
  }
};

Inputs root() {
  Inputs inputs{.tmpl = "RootCACertificate", .request = authority()};
  inputs.identity = {.subject = inputs.request.subject,
                     .subject_key_id = std::nullopt,
                     .spki_der = inputs.request.public_key.spki_der(),
                     .validity = std::nullopt,
                     .path_length = std::nullopt,
                     .extensions = {}};
  return inputs;
}

void refused(const Inputs& inputs, ca::Code code, const std::string& text) {
  try {
    (void)inputs.build();
    FAIL("built");
  } catch (const ca::Error& error) {
    CHECK(error.code() == code);
    CHECK_THAT(std::string{error.what()}, Contains(text));
  }
}

std::string order_of(const ca::TbsCertificate& tbs) {
  std::string order;
  for (const auto& extension : tbs.extensions) {
    order += extension.id + (extension.critical ? "! " : " ");
  }
  return order;
}

std::string value_of(const ca::TbsCertificate& tbs, const char* id) {
  for (const auto& extension : tbs.extensions) {
    if (extension.id == id) {
      return ca::to_hex(extension.value);
    }
  }
  return "absent";
}

void check_golden(const std::string& name, const std::string& what, const Inputs& inputs) {
  INFO(name);
  const ca::TbsCertificate tbs = inputs.build();
  const ca::Bytes der = tbs.encode();
  CHECK(ca::to_hex(der) == ca::to_hex(test::golden(name, "TBSCertificate: " + what, der)));
  const ca::ToBeSigned linted = inputs.lint(tbs);
  CHECK(linted.der() == der);
  test::check_openssl_reads(linted, tbs);
}

}  // namespace

TEST_CASE("build_tbs: every template without passthrough gives its golden bytes", "[issuance][I11]") {
  for (const auto& tmpl : ca::all_templates()) {
    if (tmpl.csr_passthrough || tmpl.api_passthrough) {
      continue;
    }
    Inputs inputs{.tmpl = std::string{tmpl.name}};
    if (tmpl.is_root) {
      inputs = root();
    } else if (tmpl.is_ca) {
      inputs.request = authority();
    }
    check_golden("tbs_" + inputs.tmpl,
                 inputs.tmpl + " for request_" + (tmpl.is_ca ? "authority" : "device") +
                     ", 2026-11-24 to 2027-11-24, no revocation pointers",
                 inputs);
  }
}

TEST_CASE("build_tbs: pointers and late years and an empty subject give their golden bytes", "[issuance]") {
  Inputs inputs;
  inputs.pointers = {.crl_uri = "http://status.example.com/crl/1.crl",
                     .ocsp_uri = "http://status.example.com/ocsp",
                     .ca_issuers_uri = "http://status.example.com/ca/1.cer"};
  check_golden("tbs_with_pointers", "EndEntityCertificate for request_device with CRL, OCSP and issuer URIs",
               inputs);
  Inputs late;
  late.validity.not_after = day(2050, 1, 1);
  check_golden("tbs_after_2049",
               "EndEntityCertificate for request_device until 2050-01-01: UTCTime, GeneralizedTime", late);
  Inputs nameless;
  nameless.request = san_only();
  check_golden("tbs_san_only", "EndEntityCertificate for request_san_only: empty subject, critical SAN",
               nameless);
}

TEST_CASE("build_tbs: extensions stand in the order of AWS with the SAN last", "[issuance]") {
  Inputs inputs;
  inputs.pointers = {
      .crl_uri = "http://a.example/1.crl", .ocsp_uri = "http://a.example/", .ca_issuers_uri = std::nullopt};
  CHECK(order_of(inputs.build()) ==
        "2.5.29.19 2.5.29.35 2.5.29.14 2.5.29.15! 2.5.29.37 2.5.29.31 1.3.6.1.5.5.7.1.1 2.5.29.17 ");
  CHECK(order_of(root().build()) == "2.5.29.19! 2.5.29.14 2.5.29.15! ");
  Inputs sub{.tmpl = "SubordinateCACertificate_PathLen3", .request = authority()};
  sub.pointers.crl_uri = "http://a.example/1.crl";
  CHECK(order_of(sub.build()) == "2.5.29.19! 2.5.29.35 2.5.29.14 2.5.29.15! 2.5.29.31 ");
}

TEST_CASE("build_tbs: extension bytes are those of certificates of AWS", "[issuance]") {
  const auto leaf = Inputs{}.build();
  CHECK(value_of(leaf, ca::oid::kBasicConstraints) == "3000");
  CHECK(value_of(leaf, ca::oid::kKeyUsage) == "030205a0");
  CHECK(value_of(leaf, ca::oid::kAuthorityKeyIdentifier) ==
        "30168014696dfeaf7dbcb932e89288364e4966a012becade");
  CHECK(value_of(leaf, ca::oid::kExtendedKeyUsage) == "301406082b0601050507030106082b06010505070302");
  CHECK(value_of(leaf, ca::oid::kSubjectKeyIdentifier) ==
        "0414" + ca::to_hex(device().public_key.subject_key_id()));
  CHECK(value_of(Inputs{.tmpl = "CodeSigningCertificate"}.build(), ca::oid::kKeyUsage) == "03020780");
  const auto sub = Inputs{.tmpl = "SubordinateCACertificate_PathLen3", .request = authority()}.build();
  CHECK(value_of(sub, ca::oid::kKeyUsage) == "03020186");
  CHECK(value_of(sub, ca::oid::kBasicConstraints) == "30060101ff020103");
  CHECK(value_of(sub, ca::oid::kExtendedKeyUsage) == "absent");
  // The serial of the published root: its top bit is set, so the INTEGER has 17 bytes.
  CHECK(ca::to_hex(leaf.encode()).find("021100822e39aae54044e551010e64919961d2") != std::string::npos);
}

TEST_CASE("build_tbs: an Ed25519 key is never told to encipher keys", "[issuance][I11]") {
  const auto key = test::make_pkey("ED25519");
  for (const auto& tmpl : ca::all_templates()) {
    if (tmpl.key_usage == ca::Template::KeyUsage::passthrough || tmpl.is_root) {
      continue;
    }
    Inputs inputs{.tmpl = std::string{tmpl.name}, .request = test::request(key.get())};
    INFO(inputs.tmpl);
    const auto tbs = inputs.build();
    CHECK(value_of(tbs, ca::oid::kKeyUsage) == (tmpl.is_ca ? "03020186" : "03020780"));
    CHECK_NOTHROW(inputs.lint(tbs));
  }
}

TEST_CASE("build_tbs: what a request asks beyond subject and key and SAN is not in the certificate",
          "[issuance][I11]") {
  const auto request = device();
  REQUIRE(request.extensions.size() == 3);  // SAN, keyUsage keyCertSign, basicConstraints CA:TRUE
  const auto tbs = Inputs{}.build();
  CHECK(value_of(tbs, ca::oid::kBasicConstraints) == "3000");
  CHECK(value_of(tbs, ca::oid::kKeyUsage) == "030205a0");
  CHECK(tbs.subject.der() == request.subject.der());
  CHECK(value_of(tbs, ca::oid::kSubjectAltName) == ca::to_hex(request.extensions[0].value));
  const auto key = test::make_pkey("P-256");
  Inputs unknown;
  unknown.request = test::request(key.get(), {.extensions = {{"1.2.3.4", true, {5, 0}}}});
  CHECK(order_of(unknown.build()).find("1.2.3.4") == std::string::npos);
}

TEST_CASE("build_tbs: an issuer without a key identifier is named by the hash of its key", "[issuance]") {
  Inputs inputs;
  inputs.identity.subject_key_id.reset();
  CHECK(value_of(inputs.build(), ca::oid::kAuthorityKeyIdentifier) ==
        "30168014" + ca::to_hex(ca::PublicKey::parse(inputs.identity.spki_der).subject_key_id()));
}

TEST_CASE("build_tbs: the issuer's name is copied byte for byte", "[issuance]") {
  Inputs inputs;
  inputs.identity.subject =
      ca::DistinguishedName::parse(test::name_der({{"2.5.4.10", "Org", ca::der::tag::kTeletexString},
                                                   {"2.5.4.6", "US", ca::der::tag::kPrintableString}}));
  CHECK(inputs.build().issuer.der() == inputs.identity.subject.der());
}

TEST_CASE("build_tbs: a request needs a subject or a SAN and an authority needs a subject", "[issuance]") {
  const auto key = test::make_pkey("P-256");
  Inputs inputs;
  inputs.request = test::request(key.get(), {.subject = ca::from_hex("3000")});
  refused(inputs, ca::Code::malformed_csr, "must have a subject or a SAN");
  inputs.request = san_only();
  CHECK_NOTHROW(inputs.build());
  inputs.tmpl = "SubordinateCACertificate_PathLen0";
  refused(inputs, ca::Code::malformed_csr, "must have a subject");
}

TEST_CASE("build_tbs: no certificate outlives its issuer by a second", "[issuance][I10]") {
  Inputs inputs;
  inputs.validity.not_after = inputs.identity.validity->not_after;
  CHECK_NOTHROW(inputs.build());
  inputs.validity.not_after += std::chrono::seconds{1};
  refused(inputs, ca::Code::validity_beyond_issuer,
          "The certificate validity specified exceeds the certificate authority validity");
  inputs.identity.validity.reset();
  refused(inputs, ca::Code::invalid_state, "no certificate yet");
  Inputs renewal = root();
  renewal.identity.validity = ca::Validity{day(2020, 1, 1), day(2026, 12, 1)};
  CHECK_NOTHROW(renewal.build());
}

TEST_CASE("build_tbs: no certificate begins a second before its issuer", "[issuance][I10]") {
  Inputs inputs;
  inputs.validity.not_before = inputs.identity.validity->not_before;
  CHECK_NOTHROW(inputs.build());
  inputs.validity.not_before -= std::chrono::seconds{1};
  refused(inputs, ca::Code::validity_beyond_issuer,
          "The certificate validity specified begins before the certificate authority validity");
  // A root replaces its own certificate and may start anew.
  Inputs renewal = root();
  renewal.identity.validity = ca::Validity{day(2026, 12, 1), day(2027, 12, 1)};
  CHECK_NOTHROW(renewal.build());
}

TEST_CASE("build_tbs: nobody else gets a certificate under the issuer's name or key", "[issuance][I11]") {
  const auto key = test::make_pkey("P-256");
  for (const char* tmpl :
       {"EndEntityCertificate", "OCSPSigningCertificate", "SubordinateCACertificate_PathLen0"}) {
    INFO(tmpl);
    Inputs inputs{.tmpl = tmpl};
    inputs.request = test::request(key.get());
    inputs.identity.spki_der = test::spki_of(key.get());
    refused(inputs, ca::Code::malformed_csr, "key is the certificate authority's own");
    inputs.identity = issuer();
    inputs.request = test::request(key.get(), {.subject = inputs.identity.subject.der()});
    refused(inputs, ca::Code::malformed_csr, "subject is the certificate authority's own");
    // As a verifier compares names (RFC 5280, 7.1), not byte for byte.
    inputs.request = test::request(
        key.get(), {.subject = test::name_der({{"2.5.4.6", "us", ca::der::tag::kPrintableString},
                                               {"2.5.4.10", "EXAMPLE  corp "},
                                               {"2.5.4.3", "example root"}})});
    refused(inputs, ca::Code::malformed_csr, "subject is the certificate authority's own");
  }
}

TEST_CASE("build_tbs: an authority below must have a shorter path than the issuer", "[issuance][I11]") {
  for (int issuer_length = 0; issuer_length <= 4; ++issuer_length) {
    for (int length = 0; length <= 3; ++length) {
      Inputs inputs{.tmpl = "SubordinateCACertificate_PathLen" + std::to_string(length),
                    .request = authority()};
      inputs.identity.path_length = issuer_length;
      if (length < issuer_length) {
        CHECK_NOTHROW(inputs.build());
      } else {
        refused(inputs, ca::Code::path_length_exceeded, "path length of " + std::to_string(issuer_length));
      }
    }
  }
  Inputs leaf;
  leaf.identity.path_length = 0;
  CHECK_NOTHROW(leaf.build());
}
