#include <algorithm>
#include <array>
#include <tuple>

#include "ca/authority/certification_path.hpp"
#include "ca/authority/revocation_ability.hpp"
#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/pem.hpp"
#include "ca/lint/name_constraints.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxChain = 16;  // far above the five levels that are of any use
constexpr std::size_t kMaxKeyId = 64;  // bytes; a SHA-512 hash. Every certificate issued repeats it

// Extensions that may be critical in an imported certificate (AWS Private CA, "Installing a CA certificate").
constexpr std::array kMayBeCritical{
    "2.5.29.35",           // authorityKeyIdentifier
    "2.5.29.19",           // basicConstraints
    "2.5.29.32",           // certificatePolicies
    "2.5.29.37",           // extendedKeyUsage
    "2.5.29.54",           // inhibitAnyPolicy
    "2.5.29.18",           // issuerAltName
    "2.5.29.15",           // keyUsage
    "2.5.29.30",           // nameConstraints
    "2.5.29.33",           // policyMappings
    "2.5.29.17",           // subjectAltName
    "2.5.29.9",            // subjectDirectoryAttributes
    "2.5.29.14",           // subjectKeyIdentifier
    "1.3.6.1.5.5.7.1.11",  // subjectInfoAccess
};

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::malformed_certificate, what}; }

std::vector<Certificate> read_pem(const std::string& pem, std::size_t max_blocks, const std::string& what) {
  std::vector<PemBlock> blocks;
  try {
    blocks = parse_pem(pem, max_blocks);
  } catch (const Error& error) {
    refuse("The " + what + " is not valid PEM: " + error.what());
  }
  std::vector<Certificate> certificates;
  for (const PemBlock& block : blocks) {
    if (block.label != "CERTIFICATE") {
      refuse("The " + what + " holds a PEM block of type " + block.label + "; only CERTIFICATE is accepted");
    }
    try {
      certificates.push_back(Certificate::parse(block.der));
    } catch (const Error& error) {
      const std::string number = std::to_string(certificates.size() + 1);
      refuse((max_blocks == 1 ? "" : "Chain certificate " + number + ": ") + error.what());
    }
  }
  return certificates;
}

// Whether two subjects have the same RDNs. An outside issuer may change the string type of an attribute, and
// with it the order inside an RDN, but never the text.
bool same_subject(const DistinguishedName& a, const DistinguishedName& b) {
  const auto attributes_of = [](const DistinguishedName& name) {
    std::vector<std::tuple<std::size_t, Oid, std::string>> attributes;
    for (const auto& attribute : name.attributes()) {
      attributes.emplace_back(attribute.rdn, attribute.type, attribute.utf8());
    }
    std::sort(attributes.begin(), attributes.end());
    return attributes;
  };
  return attributes_of(a) == attributes_of(b);
}

void check_authority_certificate(const Certificate& certificate, const std::string& what) {
  const Extension* constraints = certificate.find(oid::kBasicConstraints);
  const auto basic = certificate.basic_constraints();
  if (constraints == nullptr || !constraints->critical || !basic || !basic->ca) {
    refuse("The " + what + " must have the basicConstraints extension, critical, with CA:TRUE");
  }
  if (certificate.find(oid::kKeyUsage) != nullptr && (key_usage_bits(certificate) & kKeyCertSignBit) == 0) {
    refuse("The " + what + " has a keyUsage without keyCertSign");
  }
  if (const Extension* names = certificate.find(oid::kNameConstraints)) {
    try {
      (void)NameConstraints::parse(names->value);
    } catch (const Error& error) {  // it would refuse every certificate later
      refuse("The " + what + " is refused: " + error.what());
    }
  }
}

// One that is not valid yet is taken: a ceremony may be ahead of its time. It issues nothing until then.
void check_period(const Certificate& certificate, const std::string& what) {
  if (certificate.validity.not_after < certificate.validity.not_before) {
    refuse("The " + what + " ends before it begins");
  }
}

void check_critical_extensions(const Certificate& certificate) {
  for (const Extension& extension : certificate.extensions) {
    const bool allowed = std::any_of(kMayBeCritical.begin(), kMayBeCritical.end(),
                                     [&](const char* id) { return extension.id == id; });
    if (extension.critical && !allowed) {
      refuse("The certificate marks extension " + extension.id + " as critical, which is not supported");
    }
  }
}

bool is_self_signed(const Certificate& certificate) {
  return certificate.self_issued() && certificate.is_signed_by(certificate.public_key);
}

void check_subject(const Certificate& certificate, const Authority& authority) {
  const auto subject = DistinguishedName::parse(authority.record.subject_der);
  // A root signs its subject itself, and has no reason to change a byte of it.
  if (authority.record.type == AuthorityType::root ? certificate.subject != subject
                                                   : !same_subject(certificate.subject, subject)) {
    throw Error{Code::certificate_mismatch,
                "The certificate's subject is not the certificate authority's subject"};
  }
  // What it has issued names it in these bytes, and so do questions about it: verifiers and OCSP compare
  // them.
  if (authority.certificate && certificate.subject != authority.certificate->subject) {
    throw Error{
        Code::certificate_mismatch,
        "The certificate's subject is written in another string type than in the certificate authority's "
        "present certificate, so that what it has issued would not chain to it: have it issued with the "
        "subject byte for byte as it was"};
  }
}

// Which of its keys a certificate is for, when it is for none that takes one now.
[[noreturn]] void refuse_key(const Certificate& certificate, const Authority& authority) {
  const auto& record = authority.record;
  for (const KeyGeneration& other : record.other_keys) {
    if (certificate.public_key.spki_der() == other.spki_der) {
      throw Error{Code::certificate_mismatch, "The certificate is for key " +
                                                  std::to_string(other.key_number) +
                                                  ", which is retired: it keeps the certificate that it has"};
    }
  }
  const KeyGeneration* next = authority.next_key();
  throw Error{Code::certificate_mismatch,
              "The certificate's public key is not the certificate authority's key" +
                  (next == nullptr ? std::string{}
                                   : ", neither that which issues, " + std::to_string(record.key_number) +
                                         ", nor the next, " + std::to_string(next->key_number))};
}

// The certificates of two keys have one name: a verifier tells them apart by this alone.
void check_key_id(const Certificate& certificate, const Authority& authority) {
  const auto key_id = certificate.subject_key_id();
  if (!key_id) {
    return;
  }
  if (key_id->empty() || key_id->size() > kMaxKeyId) {
    refuse("The certificate's subjectKeyIdentifier must have 1 to " + std::to_string(kMaxKeyId) + " bytes");
  }
  const auto check = [&](const Authority& other) {
    if (other.certificate && other.record.spki_der != certificate.public_key.spki_der() &&
        other.certificate->subject_key_id() == key_id) {
      throw Error{Code::certificate_mismatch,
                  "The certificate has the subjectKeyIdentifier of key " +
                      std::to_string(other.record.key_number) +
                      ", so that verifiers could not tell the two keys apart: have it issued with another"};
    }
  };
  check(authority);
  for (const auto& other : authority.others) {
    check(*other);
  }
}

void check_own(const Certificate& certificate, const Authority& authority, const KeyGeneration& key,
               TimePoint now) {
  if (certificate.public_key.spki_der() != key.spki_der) {
    refuse_key(certificate, authority);
  }
  check_subject(certificate, authority);
  check_authority_certificate(certificate, "certificate");
  check_critical_extensions(certificate);
  check_period(certificate, "certificate");
  check_key_id(certificate, authority);
  if (certificate.validity.not_after < to_seconds(now)) {
    refuse("The certificate has expired at " + rfc3339(certificate.validity.not_after));
  }
}

// chain[0] signed the certificate, chain[i + 1] signed chain[i], the last one signed itself.
void check_chain(const Certificate& certificate, const std::vector<Certificate>& chain, TimePoint now) {
  const Certificate* below = &certificate;
  int authorities_below = 1;  // and the place of the issuer
  for (const Certificate& issuer : chain) {
    const std::string what = place_in_path(issuer, static_cast<std::size_t>(authorities_below));
    if (is_self_signed(*below)) {
      throw Error{Code::certificate_mismatch, "The chain goes on behind its self-signed root certificate"};
    }
    if (issuer.der == certificate.der) {
      refuse("The chain must not contain the certificate authority's own certificate");
    }
    check_authority_certificate(issuer, what);
    if (below->issuer != issuer.subject || !below->is_signed_by(issuer.public_key)) {
      throw Error{Code::certificate_mismatch,
                  "The " + what + " did not issue '" + below->subject.text() +
                      "': order the chain from the certificate's issuer up to the root"};
    }
    check_period(issuer, what);
    if (issuer.validity.not_after < to_seconds(now)) {
      refuse("The " + what + " has expired at " + rfc3339(issuer.validity.not_after));
    }
    const auto basic = issuer.basic_constraints();
    if (basic->path_length && *basic->path_length < authorities_below) {
      throw Error{Code::path_length_exceeded,
                  "The path length of " + what + " does not allow this certificate authority"};
    }
    below = &issuer;
    ++authorities_below;
  }
  if (!is_self_signed(*below)) {
    throw Error{Code::certificate_mismatch, "The chain must end with the self-signed root certificate"};
  }
}

void check_type(const Authority& authority, const Certificate& certificate, bool has_chain) {
  const bool self_signed = is_self_signed(certificate);
  if (authority.record.type == AuthorityType::root) {
    if (!self_signed) {
      throw Error{Code::certificate_mismatch,
                  "A certificate authority of type ROOT takes a self-signed certificate only"};
    }
    if (has_chain) {
      throw Error{Code::invalid_request, "A certificate authority of type ROOT takes no certificate chain"};
    }
    return;
  }
  if (self_signed) {
    throw Error{Code::certificate_mismatch,
                "A certificate authority of type SUBORDINATE does not take a self-signed certificate"};
  }
  if (!has_chain) {
    throw Error{Code::invalid_request,
                "A certificate authority of type SUBORDINATE needs the chain up to its root"};
  }
}

std::vector<Certificate> path_of(const Certificate& own, const std::vector<Certificate>& chain) {
  std::vector<Certificate> path{own};
  path.insert(path.end(), chain.begin(), chain.end());
  return path;
}

void check_state(AuthorityStatus status) {
  switch (status) {
    case AuthorityStatus::pending_certificate:
    case AuthorityStatus::active:
    case AuthorityStatus::expired:
      return;
    case AuthorityStatus::creating:
      throw Error{Code::request_in_progress, "The certificate authority's key pair is still being made"};
    case AuthorityStatus::disabled:
    case AuthorityStatus::deleted:
    case AuthorityStatus::failed:
      throw Error{Code::invalid_state,
                  "The certificate authority is not in a valid state to import a certificate"};
  }
}

// There is one.
KeyGeneration& next_of(AuthorityRecord& record) {
  return *std::find_if(record.other_keys.begin(), record.other_keys.end(),
                       [](const KeyGeneration& key) { return !key.retired_at; });
}

std::string joined_pem(const std::vector<Certificate>& certificates) {
  std::string text;
  for (const Certificate& certificate : certificates) {
    text += (text.empty() ? "" : "\n") + to_pem("CERTIFICATE", certificate.der);
  }
  return text;
}

}  // namespace

void AuthorityService::import_certificate(const Caller& caller, const ImportOrder& order) {
  State::again([&] { state_->import_certificate(caller, order); });
}

void AuthorityService::State::import_certificate(const Caller& caller, const ImportOrder& order) {
  const auto authority = authorize_living(caller, order.authority, "ImportCertificateAuthorityCertificate");
  const TimePoint now = clock.now();
  const KeyGeneration* next = authority->next_key();
  if (next == nullptr) {
    check_state(authority->status_at(now));
  }
  const auto own = read_pem(order.certificate_pem, 1, "certificate");
  if (own.size() != 1) {
    refuse("The certificate must be exactly one PEM block");
  }
  const Certificate& certificate = own.front();
  const auto chain = order.chain_pem ? read_pem(*order.chain_pem, kMaxChain, "certificate chain")
                                     : std::vector<Certificate>{};
  // The next key takes its certificate in any state: nothing changes until it is activated.
  const bool for_next = next != nullptr && certificate.public_key.spki_der() == next->spki_der;
  if (!for_next) {
    check_state(authority->status_at(now));
  }
  check_type(*authority, certificate, !chain.empty());
  check_own(certificate, *authority, for_next ? *next : authority->record, now);
  if (authority->record.type == AuthorityType::subordinate) {
    check_chain(certificate, chain, now);
  }
  check_certification_path(path_of(certificate, chain));

  AuthorityRecord record = authority->record;
  KeyGeneration& key = for_next ? next_of(record) : record;
  key.certificate_der = certificate.der;
  key.certificate_pem = to_pem("CERTIFICATE", certificate.der);
  key.chain_pem = joined_pem(chain);
  key.validity = certificate.validity;
  const auto imported_as = Authority::load(record);
  if (const auto complaint =
          revocation_complaint(*imported_as->under(key.key_number), authority->revocation)) {
    refuse(*complaint + ": have the certificate issued with it, or change the RevocationConfiguration first");
  }
  ++record.generation;
  record.last_state_change_at = now;
  if (!for_next && record.status != AuthorityStatus::disabled) {  // expired while disabled: stays disabled
    record.status = AuthorityStatus::active;
  }
  AuditEvent imported = event(caller, "authority.certificate_imported", order.authority);
  imported.der_sha256 = to_hex(sha256(certificate.der));
  imported.detail = {{"issuer", certificate.issuer.text()},
                     {"not_after", rfc3339(certificate.validity.not_after)},
                     {"key_number", std::to_string(key.key_number)}};
  update(std::move(record), std::move(imported));
}

}  // namespace ca
