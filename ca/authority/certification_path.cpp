#include "ca/authority/certification_path.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/lint/name_constraints.hpp"
#include "ca/policy/key_checks.hpp"
#include "ca/x509/extension_value.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxNameInMessage = 100;

// What verifiers process (RFC 5280, 4.2 and 6.3). Wider than what the API lets the own certificate have.
constexpr std::array kVerifiersKnow{
    oid::kAuthorityKeyIdentifier, oid::kSubjectKeyIdentifier, oid::kKeyUsage,
    oid::kCertificatePolicies,    oid::kPolicyMappings,       oid::kSubjectAltName,
    oid::kBasicConstraints,       oid::kNameConstraints,      oid::kPolicyConstraints,
    oid::kExtendedKeyUsage,       oid::kInhibitAnyPolicy,     oid::kCrlDistributionPoints,
};

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::malformed_certificate, what}; }

void check_key(const Certificate& certificate, const std::string& what) {
  if (const auto complaint = key_complaint(certificate.public_key)) {
    refuse("The key of the " + what + " is refused: " + *complaint);
  }
}

void check_critical_extensions(const Certificate& certificate, const std::string& what) {
  for (const Extension& extension : certificate.extensions) {
    const bool known = std::any_of(kVerifiersKnow.begin(), kVerifiersKnow.end(),
                                   [&](const char* id) { return extension.id == id; });
    if (extension.critical && !known) {
      refuse("The " + what + " marks extension " + extension.id +
             " as critical, which verifiers do not know");
    }
  }
}

// Purposes are read again at each issue.
void check_readable(const Certificate& certificate, const std::string& what) {
  const Extension* purposes = certificate.find(oid::kExtendedKeyUsage);
  try {
    (void)certificate.authority_key_id();
    (void)(purposes == nullptr ? std::vector<Oid>{} : purposes_of(*purposes));
  } catch (const Error& error) {
    refuse("The " + what + " is refused: " + error.what());
  }
}

// Verifiers that choose among several issuers by key identifier would not find this one.
void check_key_ids(const Certificate& below, const std::string& what, const Certificate& issuer,
                   const std::string& what_issuer) {
  const auto wanted = below.authority_key_id();
  const auto present = issuer.subject_key_id();
  if (wanted && present && *wanted != *present) {
    throw Error{Code::certificate_mismatch, "The authorityKeyIdentifier of the " + what +
                                                " is not the subjectKeyIdentifier of the " + what_issuer};
  }
}

std::vector<GeneralName> names_of(const Certificate& certificate) {
  const Extension* extension = certificate.find(oid::kSubjectAltName);
  return certified_names(certificate.subject, extension == nullptr
                                                  ? std::vector<GeneralName>{}
                                                  : parse_imported_general_names(extension->value));
}

void check_names(const Certificate& certificate, const std::string& what, const NameConstraints& constraints,
                 const std::string& what_above) {
  for (const GeneralName& name : names_of(certificate)) {
    auto complaint = name_complaint(name);  // constraints compare good names only
    if (!complaint) {
      complaint = constraints.complaint(name);
    }
    if (complaint) {
      refuse("The " + what + " is outside the name constraints of the " + what_above + ": '" +
             name.text().substr(0, kMaxNameInMessage) + "': " + *complaint);
    }
  }
}

// RFC 5280, 6.1.3 (b): of self-issued certificates only the last one of a path is looked at.
void check_names_below(const std::vector<Certificate>& path, std::size_t above) {
  const Extension* extension = path[above].find(oid::kNameConstraints);
  if (extension == nullptr) {
    return;
  }
  const NameConstraints constraints = NameConstraints::parse(extension->value);
  for (std::size_t place = 0; place < above; ++place) {
    if (place == 0 || !path[place].self_issued()) {
      check_names(path[place], place_in_path(path[place], place), constraints,
                  place_in_path(path[above], above));
    }
  }
}

}  // namespace

std::string place_in_path(const Certificate& certificate, std::size_t place) {
  return place == 0 ? "certificate"
                    : "chain certificate " + std::to_string(place) + " '" + certificate.subject.text() + "'";
}

void check_certification_path(const std::vector<Certificate>& path) {
  for (std::size_t place = 0; place < path.size(); ++place) {
    const std::string what = place_in_path(path[place], place);
    check_key(path[place], what);
    if (place > 0) {  // of the own one the API has a list
      check_critical_extensions(path[place], what);
    }
    check_readable(path[place], what);
    const std::size_t above = std::min(place + 1, path.size() - 1);
    check_key_ids(path[place], what, path[above], place_in_path(path[above], above));
    check_names_below(path, place);
  }
}

}  // namespace ca
