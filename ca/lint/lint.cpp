#include "ca/lint/lint.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/lint/lint_seal.hpp"
#include "ca/lint/name_constraints.hpp"
#include "ca/lint/promises.hpp"
#include "ca/lint/purposes.hpp"
#include "ca/x509/certificate_request.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/name_match.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxSerialOctets = 20;  // RFC 5280, 4.1.2.2
constexpr std::size_t kMaxNameInMessage = 100;

// The bytes as a reader will see them. The signature is of no matter yet.
Certificate read_again(ByteView tbs_der, SigningAlgorithm algorithm) {
  try {
    return Certificate::parse_to_be_signed(tbs_der, algorithm);
  } catch (const Error& error) {
    lint_failure(std::string{"it cannot be read back: "} + error.what());
  }
}

// By the algorithm's identifier (RFC 3279, 2.3.1; RFC 5480, 2.1.1; RFC 8410, 3).
std::optional<KeyFamily> key_family_of(ByteView spki_der) {
  der::Reader outer{spki_der, "subjectPublicKeyInfo"};
  der::Reader fields = outer.enter(der::tag::kSequence, "subjectPublicKeyInfo");
  const Oid id = fields.enter(der::tag::kSequence, "key algorithm").oid("key algorithm");
  if (id == "1.2.840.113549.1.1.1") {
    return KeyFamily::rsa;
  }
  if (id == "1.2.840.10045.2.1") {
    return KeyFamily::ec;
  }
  return id == "1.3.101.112" ? std::optional{KeyFamily::ed25519} : std::nullopt;
}

ByteView without_zeros(ByteView number) {
  while (!number.empty() && number.front() == 0) {
    number = number.subspan(1);
  }
  return number;
}

// Issuers may have names that are lax in their encoding, what we certify may not.
void check_subject_strictly(const DistinguishedName& subject) {
  try {
    (void)DistinguishedName::parse(subject.der());
  } catch (const Error& error) {
    lint_failure(std::string{"its subject is not strict: "} + error.what());
  }
}

void require(bool ok, const char* what) {
  if (!ok) {
    lint_failure(what);
  }
}

void check_identity(const Certificate& certificate, const SerialNumber& serial, SigningAlgorithm algorithm) {
  require(certificate.serial.size() <= kMaxSerialOctets && !without_zeros(certificate.serial).empty(),
          "the serial number is not between 1 and 2^159");
  require(std::ranges::equal(without_zeros(certificate.serial), without_zeros(serial.bytes())),
          "the serial number changed on the way");
  require(certificate.signing_algorithm == algorithm, "the signature algorithm changed on the way");
}

void check_issuer(const Certificate& certificate, const Template& tmpl, const IssuerIdentity& issuer) {
  require(family_of(certificate.signing_algorithm) == key_family_of(issuer.spki_der),
          "the signature algorithm does not fit the issuer's key");
  require(certificate.issuer == (tmpl.is_root ? certificate.subject : issuer.subject),
          "the issuer is not the subject of the issuer's certificate, byte for byte");
  require(!tmpl.is_root || certificate.subject == issuer.subject, "a root has the subject of its authority");
  require(!tmpl.is_root || certificate.public_key.spki_der() == issuer.spki_der,
          "a root has the key of its authority");
  check_subject_strictly(certificate.subject);
  require(!tmpl.is_ca || !certificate.subject.empty(), "an authority must have a subject");
  require(tmpl.is_root || match_names(certificate.subject, issuer.subject) != NameMatch::yes,
          "the subject is the issuer's");
  require(tmpl.is_root || certificate.public_key.spki_der() != issuer.spki_der, "the key is the issuer's");
}

void check_unchanged(const Certificate& certificate, const TbsCertificate& tbs) {
  require(certificate.subject == tbs.subject && certificate.validity == tbs.validity &&
              certificate.public_key.spki_der() == tbs.spki_der && certificate.extensions == tbs.extensions,
          "what is read back differs from what was built");
}

// Who is named, and that nobody merged or mixed it: a subject or SAN of the API replaces the CSR's.
void check_asked_names(const Certificate& certificate, const Template& tmpl, const Asked& asked) {
  require(certificate.subject == asked_subject(tmpl, asked), "the subject is not the one that was asked for");
  const Extension* extension = certificate.find(oid::kSubjectAltName);
  const Bytes* alt_names = asked_alt_names(tmpl, asked);
  require((extension == nullptr) == (alt_names == nullptr) &&
              (extension == nullptr || extension->value == *alt_names),
          "the SAN is not the one that was asked for");
}

Bytes uri_name(const std::string& uri) { return der::element(der::tag::context(6), bytes_of(uri)); }

// DistributionPoint and AccessDescriptions of the authority's own URIs (RFC 5280, 4.2.1.13 and 4.2.2.1).
Bytes crl_pointer(const RevocationPointers& pointers) {
  if (!pointers.crl_uri) {
    return {};
  }
  Bytes value = uri_name(*pointers.crl_uri);
  for (const std::uint8_t tag : std::initializer_list<std::uint8_t>{0xA0, 0xA0, 0x30, 0x30}) {
    value = der::element(tag, value);
  }
  return value;
}

Bytes access_pointers(const RevocationPointers& pointers) {
  static constexpr std::uint8_t kMethod[] = {0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30};
  Bytes list;
  for (const auto& [uri, number] : {std::pair{&pointers.ocsp_uri, std::uint8_t{1}},
                                    std::pair{&pointers.ca_issuers_uri, std::uint8_t{2}}}) {
    if (*uri) {
      const Bytes access = der::element(0x30, {ByteView{kMethod}, ByteView{&number, 1}, uri_name(**uri)});
      list.insert(list.end(), access.begin(), access.end());
    }
  }
  return list.empty() ? list : der::element(0x30, list);
}

// Whoever chose them would choose where the certificate's own revocation is looked up.
void check_pointers(const Certificate& certificate, const Template& tmpl,
                    const RevocationPointers& pointers) {
  const auto check = [&](const char* id, const Bytes& expected) {
    const Extension* extension = certificate.find(id);
    const Bytes value = extension == nullptr ? Bytes{} : extension->value;
    require(value == (tmpl.is_root ? Bytes{} : expected), "a pointer is not the authority's own");
  };
  check(oid::kCrlDistributionPoints, crl_pointer(pointers));
  check(oid::kAuthorityInfoAccess, access_pointers(pointers));
  const bool silent = !pointers.crl_uri && !pointers.ocsp_uri && !tmpl.is_ca;
  check(oid::kNoRevAvail, pointers.no_rev_avail && silent ? Bytes{0x05, 0x00} : Bytes{});
}

// RFC 5280, 4.1.2.5: UTCTime through the year 2049, GeneralizedTime after; I10.
void check_validity(ByteView tbs_der, const Validity& validity, const Template& tmpl,
                    const IssuerIdentity& issuer) {
  static constexpr Seconds kEndOfUtcTime{std::chrono::sys_days{std::chrono::year{2050} / 1 / 1}};
  der::Reader outer{tbs_der, "TBSCertificate"};
  der::Reader fields = outer.enter(der::tag::kSequence, "TBSCertificate");
  for (int before_validity = 0; before_validity < 4; ++before_validity) {
    (void)fields.any();
  }
  der::Reader period = fields.enter(der::tag::kSequence, "validity");
  for (const Seconds time : {validity.not_before, validity.not_after}) {
    if (period.any().tag != (time < kEndOfUtcTime ? der::tag::kUtcTime : der::tag::kGeneralizedTime)) {
      lint_failure("a time has the wrong ASN.1 type for its year");
    }
  }
  if (validity.not_after < validity.not_before) {
    lint_failure("the validity ends before it begins");
  }
  if (!tmpl.is_root && (!issuer.validity || validity.not_after > issuer.validity->not_after)) {
    throw Error{Code::validity_beyond_issuer,
                "The certificate validity specified exceeds the certificate authority validity"};
  }
}

[[noreturn]] void refuse_name(const GeneralName& name, const std::string& why) {
  throw Error{Code::name_not_permitted,
              "The name '" + name.text().substr(0, kMaxNameInMessage) + "' is not permitted: " + why};
}

void check_syntax(const std::vector<GeneralName>& names) {
  for (const GeneralName& name : names) {
    if (const auto complaint = name_complaint(name)) {
      refuse_name(name, *complaint);
    }
  }
}

void check_names(const Certificate& certificate, const Template& tmpl, const IssuerIdentity& issuer) {
  const Extension* extension = certificate.find(oid::kSubjectAltName);
  const auto alt_names =
      extension == nullptr ? std::vector<GeneralName>{} : parse_general_names(extension->value);
  if (extension == nullptr && certificate.subject.empty()) {
    lint_failure("it has neither subject nor SAN");
  }
  if (extension != nullptr && extension->critical != certificate.subject.empty()) {
    lint_failure("a SAN is critical exactly when the subject is empty");
  }
  // Before constraints, which compare good names only.
  check_syntax(alt_names);
  check_syntax(mailboxes_of(certificate.subject));
  // An authority whose own constraints nobody could evaluate would issue nothing, here or elsewhere.
  if (const Extension* constraints = certificate.find(oid::kNameConstraints)) {
    (void)NameConstraints::parse(constraints->value);
  }
  if (tmpl.is_root) {
    return;  // constraints are about what stands below
  }
  const auto names = constrained_names(certificate.subject, alt_names);
  for (const Extension& candidate : issuer.extensions) {
    if (candidate.id != oid::kNameConstraints) {
      continue;
    }
    const NameConstraints constraints = NameConstraints::parse(candidate.value);
    for (const GeneralName& name : names) {
      if (const auto complaint = constraints.complaint(name)) {
        refuse_name(name, *complaint);
      }
    }
  }
}

// Of what is built now. A stored row was accepted under the certificate that its issuer had then, and is not
// lost because that was renewed meanwhile: path validation asks that both are valid, not which began first.
void check_begin(const Validity& validity, const Template& tmpl, const IssuerIdentity& issuer) {
  if (!tmpl.is_root && validity.not_before < issuer.validity->not_before) {
    throw Error{Code::validity_beyond_issuer,
                "The certificate validity specified begins before the certificate authority validity"};
  }
}

// Everything that does not depend on how the bytes came about.
void check_certificate(const Certificate& certificate, ByteView tbs_der, const Template& tmpl,
                       const IssuerIdentity& issuer, const std::vector<Extension>& passed) {
  check_issuer(certificate, tmpl, issuer);
  check_validity(tbs_der, certificate.validity, tmpl, issuer);
  check_promises(certificate, tmpl, issuer, passed);
  check_names(certificate, tmpl, issuer);
  if (!tmpl.is_root) {
    check_purposes(certificate, issuer);
  }
}

}  // namespace

void lint_failure(const std::string& what) {
  throw Error{Code::internal, "The certificate was built wrongly and is not signed: " + what};
}

ToBeSigned lint(const TbsCertificate& tbs, const Template& tmpl, const IssuerIdentity& issuer,
                const Asked& asked) {
  Bytes der = tbs.encode();
  const Certificate certificate = read_again(der, tbs.signing_algorithm);
  check_identity(certificate, tbs.serial, tbs.signing_algorithm);
  check_unchanged(certificate, tbs);
  check_certificate(certificate, der, tmpl, issuer, passed_through(tmpl, asked));
  check_asked_names(certificate, tmpl, asked);
  check_pointers(certificate, tmpl, asked.pointers);
  check_begin(certificate.validity, tmpl, issuer);
  return LintSeal::seal(std::move(der), tbs.signing_algorithm);
}

ToBeSigned lint_stored(const StoredTbs& stored, const Template& tmpl, const IssuerIdentity& issuer) {
  const Certificate certificate = read_again(stored.der, stored.algorithm);
  check_identity(certificate, stored.serial, stored.algorithm);
  require(certificate.validity == stored.validity, "its validity is not that of its row");
  require(sha256(certificate.public_key.spki_der()) == stored.key_hash, "its key is not that of its row");
  check_certificate(certificate, stored.der, tmpl, issuer, stored.passed_through);
  return LintSeal::seal(Bytes(stored.der.begin(), stored.der.end()), stored.algorithm);
}

}  // namespace ca
