#pragma once
#include "ca/base/hex.hpp"
#include "ca/lint/lint.hpp"
#include "tests/unit/lint/openssl_reading.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace test {

inline const ca::Template& template_named(const char* name) { return ca::find_template({"aws", name}); }

inline ca::Seconds day(int year, unsigned month, unsigned date) {
  return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(date)};
}

// A certificate as the template promises it, with the extension bytes written out by hand.
struct LintCase {
  explicit LintCase(const char* name = "EndEntityCertificate") : tmpl{template_named(name)} {
    static const ca::Bytes issuer_spki = spki_of(make_pkey("P-256").get());
    static const ca::Bytes subject_spki = spki_of(make_pkey("P-256").get());
    issuer.subject = ca::DistinguishedName::parse(name_der({{"2.5.4.3", "Example Issuing CA"}}));
    issuer.subject_key_id = ca::Bytes(20, 0xA5);
    issuer.spki_der = tmpl.is_root ? subject_spki : issuer_spki;
    issuer.validity = ca::Validity{day(2020, 1, 1), day(2060, 1, 1)};
    tbs.serial = ca::SerialNumber::from_hex("1cbe485a21fe5f6ab1fc4ab12dc3eb03");
    tbs.signing_algorithm = ca::SigningAlgorithm::sha256_with_ecdsa;
    tbs.issuer = issuer.subject;
    tbs.validity = {day(2026, 11, 24), day(2027, 11, 24)};
    tbs.subject =
        tmpl.is_root ? issuer.subject : ca::DistinguishedName::parse(name_der({{"2.5.4.3", "device-7"}}));
    tbs.spki_der = subject_spki;
    add(ca::oid::kBasicConstraints, tmpl.is_ca, basic());
    if (!tmpl.is_root) {
      add(ca::oid::kAuthorityKeyIdentifier, false, "30168014" + ca::to_hex(ca::Bytes(20, 0xA5)));
    }
    add(ca::oid::kSubjectKeyIdentifier, false,
        "0414" + ca::to_hex(ca::PublicKey::parse(subject_spki).subject_key_id()));
    if (tmpl.key_usage != ca::Template::KeyUsage::passthrough) {
      add(ca::oid::kKeyUsage, true, tmpl.is_ca ? "03020186" : "030205a0");
    }
    if (!tmpl.is_ca && tmpl.extended_key_usage != ca::Template::ExtendedKeyUsage::passthrough) {
      add(ca::oid::kExtendedKeyUsage, false, "301406082b0601050507030106082b06010505070302");
    }
  }

  void add(const char* id, bool critical, const std::string& hex) {
    tbs.extensions.push_back({id, critical, ca::from_hex(hex)});
  }
  void add_names(const std::vector<ca::GeneralName>& names) { tbs.extensions.push_back(san(names)); }
  ca::Extension& extension(const char* id) {
    for (auto& candidate : tbs.extensions) {
      if (candidate.id == id) {
        return candidate;
      }
    }
    throw std::runtime_error{"no such extension"};
  }
  void set_key(const ca::Bytes& spki) {
    tbs.spki_der = spki;
    extension(ca::oid::kSubjectKeyIdentifier).value =
        ca::from_hex("0414" + ca::to_hex(ca::PublicKey::parse(spki).subject_key_id()));
  }
  // The names that it has are those that were asked for, unless the API asks for others.
  ca::ToBeSigned lint() const {
    std::vector<ca::Extension> of_csr = asked;
    std::copy_if(tbs.extensions.begin(), tbs.extensions.end(), std::back_inserter(of_csr),
                 [](const ca::Extension& extension) { return extension.id == ca::oid::kSubjectAltName; });
    ca::ToBeSigned linted = ca::lint(tbs, tmpl, issuer, {tbs.subject, of_csr, api, pointers});
    check_openssl_reads(linted, tbs);
    return linted;
  }

  const ca::Template& tmpl;
  ca::IssuerIdentity issuer;
  ca::TbsCertificate tbs;
  std::vector<ca::Extension> asked;  // by the CSR, beside the SAN
  ca::ApiPassthrough api;
  ca::RevocationPointers pointers;

 private:
  std::string basic() const {
    if (!tmpl.is_ca) {
      return "3000";
    }
    return tmpl.path_length ? "30060101ff02010" + std::to_string(*tmpl.path_length) : "30030101ff";
  }
};

}  // namespace test
