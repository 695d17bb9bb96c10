#include "ca/issuance/build_tbs.hpp"

#include <algorithm>
#include <iterator>

#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/name_match.hpp"

namespace ca {
namespace {

using der::tag::kSequence;

constexpr std::uint8_t kTrue[] = {der::tag::kBoolean, 1, 0xFF};

Extension basic_constraints(const Template& tmpl) {
  switch (tmpl.basic_constraints) {
    case Template::BasicConstraints::end_entity:
      return {oid::kBasicConstraints, false, der::element(kSequence, ByteView{})};
    case Template::BasicConstraints::end_entity_critical:
      return {oid::kBasicConstraints, true, der::element(kSequence, ByteView{})};
    case Template::BasicConstraints::authority:
      break;
  }
  const Bytes length = tmpl.path_length ? der::small_integer(*tmpl.path_length) : Bytes{};
  return {oid::kBasicConstraints, true, der::element(kSequence, {ByteView{kTrue}, length})};
}

Extension authority_key_id(const IssuerIdentity& issuer) {
  const Bytes id = der::element(der::tag::context(0), authority_key_id_of(issuer));
  return {oid::kAuthorityKeyIdentifier, false, der::element(kSequence, id)};
}

Extension subject_key_id(const PublicKey& key) {
  return {oid::kSubjectKeyIdentifier, false, der::element(der::tag::kOctetString, key.subject_key_id())};
}

std::optional<Extension> key_usage(const Template& tmpl, const PublicKey& key) {
  static constexpr unsigned kDigitalSignature = 1U << 0U;
  static constexpr unsigned kKeyEncipherment = 1U << 2U;
  const auto usage = [](unsigned bits) { return Extension{oid::kKeyUsage, true, der::named_bits(bits)}; };
  switch (tmpl.key_usage) {
    case Template::KeyUsage::none:
    case Template::KeyUsage::passthrough:
      return std::nullopt;
    case Template::KeyUsage::signature_and_encipherment:
      // RFC 9295, 3: an Ed25519 key cannot encipher, and must not say so.
      return usage(key.family() == KeyFamily::ed25519 ? kDigitalSignature
                                                      : kDigitalSignature | kKeyEncipherment);
    case Template::KeyUsage::signature:
      return usage(kDigitalSignature);
    case Template::KeyUsage::authority:
      return usage(kDigitalSignature | kKeyCertSignBit | kCrlSignBit);
  }
  return std::nullopt;
}

std::optional<Extension> extended_key_usage(const Template& tmpl) {
  const auto usage = [](bool critical, std::initializer_list<const char*> purposes) {
    Bytes list;
    for (const char* purpose : purposes) {
      const Bytes id = der::oid(purpose);
      list.insert(list.end(), id.begin(), id.end());
    }
    return Extension{oid::kExtendedKeyUsage, critical, der::element(kSequence, list)};
  };
  switch (tmpl.extended_key_usage) {
    case Template::ExtendedKeyUsage::none:
    case Template::ExtendedKeyUsage::passthrough:
      return std::nullopt;
    case Template::ExtendedKeyUsage::server_and_client:
      return usage(false, {oid::kServerAuth, oid::kClientAuth});
    case Template::ExtendedKeyUsage::client:
      return usage(false, {oid::kClientAuth});
    case Template::ExtendedKeyUsage::server:
      return usage(false, {oid::kServerAuth});
    case Template::ExtendedKeyUsage::code_signing:
      return usage(true, {oid::kCodeSigning});
    case Template::ExtendedKeyUsage::ocsp_signing:
      return usage(true, {oid::kOcspSigning});
  }
  return std::nullopt;
}

Bytes uri_name(const std::string& uri) { return der::element(der::tag::context(6), bytes_of(uri)); }

// One DistributionPoint { distributionPoint [0] { fullName [0] { URI } } } (RFC 5280, 4.2.1.13)
std::optional<Extension> crl_distribution_point(const RevocationPointers& pointers) {
  if (!pointers.crl_uri) {
    return std::nullopt;
  }
  const Bytes full_name = der::element(der::tag::context_constructed(0), uri_name(*pointers.crl_uri));
  const Bytes point = der::element(kSequence, der::element(der::tag::context_constructed(0), full_name));
  return Extension{oid::kCrlDistributionPoints, false, der::element(kSequence, point)};
}

// AuthorityInfoAccess ::= SEQUENCE OF { method, location } (RFC 5280, 4.2.2.1)
std::optional<Extension> authority_info_access(const RevocationPointers& pointers) {
  static constexpr const char* kOcsp = "1.3.6.1.5.5.7.48.1";
  static constexpr const char* kCaIssuers = "1.3.6.1.5.5.7.48.2";
  Bytes list;
  const auto append = [&](const char* method, const std::optional<std::string>& uri) {
    if (uri) {
      const Bytes access = der::element(kSequence, {der::oid(method), uri_name(*uri)});
      list.insert(list.end(), access.begin(), access.end());
    }
  };
  append(kOcsp, pointers.ocsp_uri);
  append(kCaIssuers, pointers.ca_issuers_uri);
  if (list.empty()) {
    return std::nullopt;
  }
  return Extension{oid::kAuthorityInfoAccess, false, der::element(kSequence, list)};
}

// RFC 9608, 2: not in certificates of authorities, and not where a CRL or a responder is named.
std::optional<Extension> no_rev_avail(const Template& tmpl, const RevocationPointers& pointers) {
  if (!pointers.no_rev_avail || tmpl.is_ca || pointers.crl_uri || pointers.ocsp_uri) {
    return std::nullopt;
  }
  return Extension{oid::kNoRevAvail, false, der::element(der::tag::kNull, ByteView{})};
}

void check_path_length(const TbsInput& input) {
  const auto& left = input.issuer.path_length;
  if (!input.tmpl.is_ca || input.tmpl.is_root || !left) {
    return;
  }
  if (*left < 1 || input.tmpl.path_length.value_or(*left) >= *left) {
    throw Error{Code::path_length_exceeded,
                "The certificate authority's path length of " + std::to_string(*left) +
                    " does not allow a certificate from template " + std::string{input.tmpl.name}};
  }
}

// A certificate under the authority's name or key is one more of the authority itself: path building,
// revocation and OCSP could not tell the two apart.
void check_is_another(const TbsInput& input, const DistinguishedName& subject) {
  if (input.tmpl.is_root) {
    return;
  }
  if (input.request.public_key.spki_der() == input.issuer.spki_der) {
    throw Error{Code::malformed_csr, "The CSR's public key is the certificate authority's own"};
  }
  if (match_names(subject, input.issuer.subject) == NameMatch::yes) {
    throw Error{Code::malformed_csr, "The subject is the certificate authority's own"};
  }
}

void check_input(const TbsInput& input, const Granted& granted) {
  if (granted.subject.empty() && granted.names.empty()) {
    throw Error{Code::malformed_csr, "The CSR must have a subject or a SAN"};
  }
  if (input.tmpl.is_ca && granted.subject.empty()) {
    throw Error{Code::malformed_csr, "The CSR of a certificate authority must have a subject"};
  }
  const auto& issuer_validity = input.issuer.validity;
  if (!input.tmpl.is_root && !issuer_validity) {
    throw Error{Code::invalid_state, "The certificate authority has no certificate yet"};
  }
  if (!input.tmpl.is_root && input.validity.not_after > issuer_validity->not_after) {
    throw Error{Code::validity_beyond_issuer,
                "The certificate validity specified exceeds the certificate authority validity"};
  }
  if (!input.tmpl.is_root && input.validity.not_before < issuer_validity->not_before) {
    throw Error{Code::validity_beyond_issuer,
                "The certificate validity specified begins before the certificate authority validity"};
  }
  check_is_another(input, granted.subject);
  check_path_length(input);
}

// The order of AWS Private CA's certificates. Where its samples say nothing we decided: AIA behind the CRL
// distribution point, because both point to revocation, then what was passed through, and the SAN last. A key
// usage that was passed through stands where the template's would.
std::vector<Extension> extensions_of(const TbsInput& input, const Granted& granted) {
  const Template& tmpl = input.tmpl;
  std::vector<Extension> extensions;
  const auto append = [&](std::optional<Extension> extension) {
    if (extension) {
      extensions.push_back(*std::move(extension));
    }
  };
  const auto append_passed = [&](const auto& wanted) {
    std::copy_if(granted.extensions.begin(), granted.extensions.end(), std::back_inserter(extensions),
                 [&](const Extension& extension) { return wanted(extension.id); });
  };
  append(basic_constraints(tmpl));
  if (tmpl.authority_key_id) {
    append(authority_key_id(input.issuer));
  }
  append(subject_key_id(input.request.public_key));
  append(key_usage(tmpl, input.request.public_key));
  append_passed([](const Oid& id) { return id == oid::kKeyUsage; });
  append(extended_key_usage(tmpl));
  append_passed([](const Oid& id) { return id == oid::kExtendedKeyUsage; });
  if (!tmpl.is_root) {
    append(crl_distribution_point(input.pointers));
    append(authority_info_access(input.pointers));
    append(no_rev_avail(tmpl, input.pointers));
  }
  append_passed([](const Oid& id) { return id != oid::kKeyUsage && id != oid::kExtendedKeyUsage; });
  append(granted.alt_names);
  return extensions;
}

}  // namespace

TbsCertificate build_tbs(const TbsInput& input) {
  const Granted granted = grant(input.tmpl, input.request, input.api);
  check_input(input, granted);
  return {.serial = input.serial,
          .signing_algorithm = input.signing_algorithm,
          .issuer = input.tmpl.is_root ? granted.subject : input.issuer.subject,
          .validity = input.validity,
          .subject = granted.subject,
          .spki_der = input.request.public_key.spki_der(),
          .extensions = extensions_of(input, granted)};
}

}  // namespace ca
