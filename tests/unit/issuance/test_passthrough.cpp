#include <openssl/x509v3.h>

#include "ca/base/error.hpp"
#include "ca/issuance/build_tbs.hpp"
#include "ca/lint/lint.hpp"
#include "ca/x509/extension_value.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/issuance/golden.hpp"
#include "tests/unit/lint/openssl_reading.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

constexpr const char* kPassedByBoth = "1.3.6.1.4.1.99999.7";
constexpr const char* kPassedByCsr = "1.3.6.1.4.1.99999.8";
constexpr const char* kPassedByApi = "1.3.6.1.4.1.99999.9";

ca::Seconds day(int year, int month, int date) {
  return std::chrono::sys_days{std::chrono::year{year} / month / date};
}

ca::ApiPassthrough modest_api() {
  const ca::Bytes text = ca::der::element(ca::der::tag::kUtf8String, ca::bytes_of("of the API"));
  ca::ApiPassthrough api;
  api.subject = ca::encode_subject({.country = "US", .common_name = "chosen by the API"});
  api.extensions = {
      {ca::oid::kCertificatePolicies, false,
       ca::encode_certificate_policies({{"1.3.6.1.4.1.99999.2", {"https://example.com/cps"}}})},
      {ca::oid::kExtendedKeyUsage, false, ca::encode_purposes({ca::oid::kServerAuth, "1.3.6.1.4.1.99999.4"})},
      {ca::oid::kKeyUsage, true, ca::from_hex("03020780")},
      test::san({test::dns("api.example.com"), test::email("api@example.com"), ca::ip_name("2001:db8::7")}),
      {kPassedByBoth, true, text},
      {kPassedByApi, false, text},
  };
  return api;
}

// Everything that makes an authority, and no less.
ca::ApiPassthrough greedy_api() {
  ca::ApiPassthrough api = modest_api();
  api.extensions[1].value = ca::encode_purposes({"2.5.29.37.0", ca::oid::kCodeSigning});
  api.extensions[2].value = ca::from_hex("03020186");
  api.extensions.push_back({ca::oid::kBasicConstraints, true, ca::from_hex("30060101ff020109")});
  api.extensions.push_back({ca::oid::kSubjectKeyIdentifier, false, ca::from_hex("0403090909")});
  api.extensions.push_back({ca::oid::kAuthorityKeyIdentifier, false, ca::from_hex("30058003090909")});
  return api;
}

struct Case {
  explicit Case(const ca::Template& the_template, bool greedy = true)
      : tmpl{the_template},
        request{
            ca::CertificateRequest::parse(test::read_golden(greedy ? "request_greedy" : "request_modest"))},
        api{greedy ? greedy_api() : modest_api()} {
    issuer.subject =
        ca::encode_subject({.country = "US", .organization = "Example Corp", .common_name = "Example Root"});
    issuer.subject_key_id = ca::from_hex("696dfeaf7dbcb932e89288364e4966a012becade");
    issuer.spki_der = test::read_golden("issuer_spki");
    issuer.validity = ca::Validity{day(2021, 3, 8), day(2061, 3, 8)};
    if (tmpl.is_root) {
      issuer.subject = tmpl.api_passthrough ? *api.subject : request.subject;
      issuer.subject_key_id.reset();
      issuer.spki_der = request.public_key.spki_der();
      issuer.validity.reset();
    }
  }

  [[nodiscard]] ca::TbsCertificate build() const {
    return ca::build_tbs({.tmpl = tmpl,
                          .issuer = issuer,
                          .request = request,
                          .api = api,
                          .serial = serial,
                          .validity = {day(2026, 11, 24), day(2027, 11, 24)},
                          .signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa,
                          .pointers = pointers});
  }
  [[nodiscard]] ca::ToBeSigned lint(const ca::TbsCertificate& tbs) const {
    return ca::lint(tbs, tmpl, issuer, {request.subject, request.extensions, api, pointers});
  }

  const ca::Template& tmpl;
  ca::IssuerIdentity issuer;
  ca::CertificateRequest request;
  ca::ApiPassthrough api;
  ca::RevocationPointers pointers{.crl_uri = "http://status.example.com/crl/1.crl",
                                  .ocsp_uri = "http://status.example.com/ocsp",
                                  .ca_issuers_uri = std::nullopt};
  ca::SerialNumber serial = ca::SerialNumber::from_hex("822e39aae54044e551010e64919961d2");
};

bool is_blank_leaf(const ca::Template& tmpl) { return tmpl.name.starts_with("BlankEndEntity"); }

X509Ptr read_by_openssl(const ca::TbsCertificate& tbs) {
  const ca::Bytes der = ca::assemble_signed(tbs.encode(), tbs.signing_algorithm, ca::Bytes{0});
  const std::uint8_t* at = der.data();
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free};
}

const ca::Extension* find(const ca::TbsCertificate& tbs, const char* id) {
  for (const auto& extension : tbs.extensions) {
    if (extension.id == id) {
      return &extension;
    }
  }
  return nullptr;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What the name of a template promises, as OpenSSL understands the certificate.
void check_authority(const ca::Template& tmpl, X509* x509) {
  const bool authority = contains(tmpl.name, "CACertificate");
  CHECK(((X509_get_extension_flags(x509) & EXFLAG_CA) != 0) == authority);
  CHECK((X509_check_ca(x509) == 1) == authority);
  const auto at = tmpl.name.find("PathLen");
  CHECK(X509_get_pathlen(x509) == (at == std::string_view::npos ? -1 : tmpl.name[at + 7] - '0'));
  const std::uint32_t usage = X509_get_key_usage(x509);
  if (contains(tmpl.name, "Blank")) {
    CHECK((authority || (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) == 0 || usage == UINT32_MAX));
  } else if (authority) {
    CHECK(usage == (KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  } else {
    CHECK((usage & ~static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT)) == 0);
  }
}

void check_purposes(const ca::Template& tmpl, X509* x509) {
  const std::uint32_t purposes = X509_get_extended_key_usage(x509);
  const auto expected = [&]() -> std::optional<std::uint32_t> {
    if (contains(tmpl.name, "Blank")) {
      return std::nullopt;
    }
    if (contains(tmpl.name, "CACertificate")) {
      return UINT32_MAX;  // none: any
    }
    if (contains(tmpl.name, "ClientAuth")) {
      return XKU_SSL_CLIENT;
    }
    if (contains(tmpl.name, "ServerAuth")) {
      return XKU_SSL_SERVER;
    }
    if (contains(tmpl.name, "CodeSigning")) {
      return XKU_CODE_SIGN;
    }
    return contains(tmpl.name, "OCSPSigning") ? XKU_OCSP_SIGN : XKU_SSL_SERVER | XKU_SSL_CLIENT;
  }();
  if (expected) {
    CHECK(purposes == *expected);
  }
}

// Names and other extensions come from the API, else the CSR, as the end of the template's name says.
void check_sources(const ca::Template& tmpl, const Case& sample, const ca::TbsCertificate& tbs) {
  const bool csr = contains(tmpl.name, "_CSRPassthrough") || contains(tmpl.name, "_APICSRPassthrough");
  const bool api = contains(tmpl.name, "_API");
  const auto text_in = [&](const char* id) {
    const ca::Extension* extension = find(tbs, id);
    return extension == nullptr ? "absent" : ca::text_of(ca::ByteView{extension->value}.subspan(2));
  };
  CHECK(tbs.subject == (api ? *sample.api.subject : sample.request.subject));
  const std::string alt_names = ca::text_of(find(tbs, ca::oid::kSubjectAltName)->value);
  CHECK(contains(alt_names, "api.example.com") == api);
  CHECK(contains(alt_names, "device-7.example.com") == !api);
  CHECK(text_in(kPassedByBoth) == (api ? "of the API" : csr ? "of the CSR" : "absent"));
  CHECK(text_in(kPassedByApi) == (api ? "of the API" : "absent"));
  CHECK((find(tbs, kPassedByCsr) != nullptr) == csr);
  const bool authority = contains(tmpl.name, "CACertificate");
  CHECK((find(tbs, ca::oid::kNameConstraints) != nullptr) == (csr && authority));
  // Pointers are the authority's own, or there are none.
  for (const char* id : {ca::oid::kCrlDistributionPoints, ca::oid::kAuthorityInfoAccess}) {
    const ca::Extension* pointer = find(tbs, id);
    CHECK((pointer != nullptr) == !tmpl.is_root);
    CHECK((pointer == nullptr || contains(ca::text_of(pointer->value), "http://status.example.com/")));
  }
}

}  // namespace

TEST_CASE("passthrough: each of the 61 templates gives its golden bytes to the greedy", "[issuance][I11]") {
  for (const auto& tmpl : ca::all_templates()) {
    // A blank leaf has no key usage of its own, and to a greedy one it is refused.
    const Case sample{tmpl, !is_blank_leaf(tmpl)};
    INFO(tmpl.name);
    const ca::TbsCertificate tbs = sample.build();
    const ca::Bytes der = tbs.encode();
    const std::string what = std::string{"TBSCertificate: "} + std::string{tmpl.name} + " for request_" +
                             (is_blank_leaf(tmpl) ? "modest" : "greedy") + " and such an ApiPassthrough";
    CHECK(ca::to_hex(der) == ca::to_hex(test::golden("passed_" + std::string{tmpl.name}, what, der)));
    const ca::ToBeSigned linted = sample.lint(tbs);
    CHECK(linted.der() == der);
    test::check_openssl_reads(linted, tbs);
    const X509Ptr x509 = read_by_openssl(tbs);
    check_authority(tmpl, x509.get());
    check_purposes(tmpl, x509.get());
    check_sources(tmpl, sample, tbs);
  }
}

TEST_CASE("passthrough: no template gives a leaf the right to sign certificates", "[issuance][I11]") {
  int refused = 0;
  for (const auto& tmpl : ca::all_templates()) {
    if (!is_blank_leaf(tmpl)) {
      continue;
    }
    INFO(tmpl.name);
    try {
      (void)Case{tmpl}.build();
      FAIL("built");
    } catch (const ca::Error& error) {
      CHECK(error.code() == (tmpl.api_passthrough ? ca::Code::invalid_args : ca::Code::malformed_csr));
      CHECK_THAT(std::string{error.what()}, Contains("keyCertSign"));
      ++refused;
    }
  }
  CHECK(refused == 6);
}

TEST_CASE("passthrough: a blank template without anything passed has no usage at all", "[issuance][I11]") {
  for (const auto& tmpl : ca::all_templates()) {
    Case sample{tmpl, false};
    sample.api = {};
    sample.request.extensions.clear();
    sample.request.subject_alt_names.clear();
    if (tmpl.is_root) {
      sample.issuer.subject = sample.request.subject;
    }
    INFO(tmpl.name);
    const auto tbs = sample.build();
    CHECK_NOTHROW(sample.lint(tbs));
    const bool blank = contains(tmpl.name, "Blank");
    CHECK((find(tbs, ca::oid::kKeyUsage) == nullptr) == blank);
    CHECK((find(tbs, ca::oid::kExtendedKeyUsage) == nullptr) ==
          (blank || contains(tmpl.name, "CACertificate")));
  }
}

TEST_CASE("passthrough: what passed stands in its place and before the SAN", "[issuance]") {
  const Case sample{ca::find_template({"aws", "BlankEndEntityCertificate_APICSRPassthrough"}), false};
  std::string order;
  for (const auto& extension : sample.build().extensions) {
    order += extension.id + (extension.critical ? "! " : " ");
  }
  CHECK(order ==
        "2.5.29.19 2.5.29.35 2.5.29.14 2.5.29.15! 2.5.29.37 2.5.29.31 1.3.6.1.5.5.7.1.1 2.5.29.32 "
        "1.3.6.1.4.1.99999.7! 1.3.6.1.4.1.99999.9 1.3.6.1.4.1.99999.8! 2.5.29.17 ");
}
