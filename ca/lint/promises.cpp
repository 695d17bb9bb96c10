#include "ca/lint/promises.hpp"

#include <algorithm>
#include <array>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/extension_value.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

// What an extension must be: absent, or exactly these bytes.
struct Promise {
  bool present = false;
  bool critical = false;
  Bytes value;
};

Promise basic_constraints_of(const Template& tmpl) {
  switch (tmpl.basic_constraints) {
    case Template::BasicConstraints::end_entity:
      return {true, false, {0x30, 0x00}};
    case Template::BasicConstraints::end_entity_critical:
      return {true, true, {0x30, 0x00}};
    case Template::BasicConstraints::authority:
      break;
  }
  if (!tmpl.path_length) {
    return {true, true, {0x30, 0x03, 0x01, 0x01, 0xFF}};
  }
  return {
      true, true, {0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01, static_cast<std::uint8_t>(*tmpl.path_length)}};
}

const Extension* find(const std::vector<Extension>& extensions, std::string_view id) {
  const auto found = std::find_if(extensions.begin(), extensions.end(),
                                  [&](const Extension& extension) { return extension.id == id; });
  return found == extensions.end() ? nullptr : &*found;
}

// As it was asked for.
Promise passed_promise(const std::vector<Extension>& passed, std::string_view id) {
  const Extension* asked = find(passed, id);
  return asked == nullptr ? Promise{} : Promise{true, asked->critical, asked->value};
}

// RFC 9295, 3: nothing but signing for an Ed25519 key, whatever the template.
Promise key_usage_of(const Template& tmpl, KeyFamily family, const std::vector<Extension>& passed) {
  switch (tmpl.key_usage) {
    case Template::KeyUsage::none:
      return {};
    case Template::KeyUsage::passthrough:
      return passed_promise(passed, oid::kKeyUsage);
    case Template::KeyUsage::signature_and_encipherment:
      if (family == KeyFamily::ed25519) {
        return {true, true, {0x03, 0x02, 0x07, 0x80}};
      }
      return {true, true, {0x03, 0x02, 0x05, 0xA0}};
    case Template::KeyUsage::signature:
      return {true, true, {0x03, 0x02, 0x07, 0x80}};
    case Template::KeyUsage::authority:
      return {true, true, {0x03, 0x02, 0x01, 0x86}};
  }
  return {};
}

Promise extended_key_usage_of(const Template& tmpl, const std::vector<Extension>& passed) {
  // id-kp is 1.3.6.1.5.5.7.3; the last octet names the purpose.
  const auto purposes = [](std::initializer_list<std::uint8_t> numbers) {
    Bytes value{0x30, static_cast<std::uint8_t>(numbers.size() * 10)};
    for (const std::uint8_t number : numbers) {
      const std::array<std::uint8_t, 10> id{0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, number};
      value.insert(value.end(), id.begin(), id.end());
    }
    return value;
  };
  switch (tmpl.extended_key_usage) {
    case Template::ExtendedKeyUsage::none:
      return {};
    case Template::ExtendedKeyUsage::passthrough:
      return passed_promise(passed, oid::kExtendedKeyUsage);
    case Template::ExtendedKeyUsage::server_and_client:
      return {true, false, purposes({1, 2})};
    case Template::ExtendedKeyUsage::client:
      return {true, false, purposes({2})};
    case Template::ExtendedKeyUsage::server:
      return {true, false, purposes({1})};
    case Template::ExtendedKeyUsage::code_signing:
      return {true, true, purposes({3})};
    case Template::ExtendedKeyUsage::ocsp_signing:
      return {true, true, purposes({9})};
  }
  return {};
}

// SHA-1 over the contents of the BIT STRING (RFC 5280, 4.2.1.2, method 1), read from the encoding.
Bytes key_hash(ByteView spki_der) {
  der::Reader outer{spki_der, "subjectPublicKeyInfo"};
  der::Reader fields = outer.enter(der::tag::kSequence, "subjectPublicKeyInfo");
  (void)fields.any();
  return sha1(fields.octet_aligned_bits("public key"));
}

Bytes key_id_value(std::initializer_list<std::uint8_t> header, const Bytes& id) {
  Bytes value{header};
  value.insert(value.end(), id.begin(), id.end());
  return value;
}

Promise authority_key_id_promise(const Template& tmpl, const IssuerIdentity& issuer) {
  if (!tmpl.authority_key_id) {
    return {};
  }
  const Bytes id = issuer.subject_key_id ? *issuer.subject_key_id : key_hash(issuer.spki_der);
  const auto size = static_cast<std::uint8_t>(id.size());
  if (id.empty() || id.size() > 64) {
    lint_failure("the issuer's key identifier has " + std::to_string(id.size()) + " bytes");
  }
  return {true, false, key_id_value({0x30, static_cast<std::uint8_t>(size + 2), 0x80, size}, id)};
}

void check(const Certificate& certificate, const char* id, const Promise& promise) {
  const Extension* extension = certificate.find(id);
  const bool kept = promise.present ? extension != nullptr && extension->critical == promise.critical &&
                                          extension->value == promise.value
                                    : extension == nullptr;
  if (!kept) {
    lint_failure(std::string{"extension "} + id + " is not what the template says");
  }
}

// No certificate gets an extension that nobody granted, and those that it gets stand as in AWS's
// certificates; what was passed through stands before the SAN.
void check_no_others(const Certificate& certificate, const Template& tmpl,
                     const std::vector<Extension>& passed) {
  static constexpr const char* kPassed = "";
  static constexpr std::array kInOrder{oid::kBasicConstraints,
                                       oid::kAuthorityKeyIdentifier,
                                       oid::kSubjectKeyIdentifier,
                                       oid::kKeyUsage,
                                       oid::kExtendedKeyUsage,
                                       oid::kCrlDistributionPoints,
                                       oid::kAuthorityInfoAccess,
                                       oid::kNoRevAvail,
                                       kPassed,
                                       oid::kSubjectAltName};
  auto next = kInOrder.begin();
  for (const Extension& extension : certificate.extensions) {
    const auto is_it = [&](const char* id) { return extension.id == id; };
    const bool pointer =
        is_it(oid::kCrlDistributionPoints) || is_it(oid::kAuthorityInfoAccess) || is_it(oid::kNoRevAvail);
    if (pointer && (extension.critical || tmpl.is_root)) {
      lint_failure("extension " + extension.id + " must not be critical nor in a root");
    }
    const bool ours = std::any_of(kInOrder.begin(), kInOrder.end(), is_it);
    if (!ours && find(passed, extension.id) == nullptr) {
      lint_failure("extension " + extension.id + " is not in the template and was not passed through");
    }
    next = ours ? std::find_if(next, kInOrder.end(), is_it) : std::find(next, kInOrder.end(), kPassed);
    if (next == kInOrder.end()) {
      lint_failure("extension " + extension.id + " is out of order");
    }
  }
}

// Each is there as it was asked for, and is one that may be.
void check_passed(const Certificate& certificate, const Template& tmpl,
                  const std::vector<Extension>& passed) {
  for (const Extension& asked : passed) {
    const Extension* extension = certificate.find(asked.id);
    if (extension == nullptr || *extension != asked) {
      lint_failure("extension " + asked.id + " is not as it was asked for");
    }
    if (const auto complaint = extension_complaint(asked)) {
      lint_failure(*complaint);
    }
    const auto purposes = asked.id == oid::kExtendedKeyUsage ? purposes_of(asked) : std::vector<Oid>{};
    if (tmpl.is_ca && std::find(purposes.begin(), purposes.end(), oid::kOcspSigning) != purposes.end()) {
      lint_failure("an authority may not sign OCSP answers for its issuer");
    }
  }
}

void check_authority_bits(const Certificate& certificate, const Template& tmpl,
                          const IssuerIdentity& issuer) {
  static constexpr unsigned kSigningOnly = 1U << 0U | 1U << 1U | kKeyCertSignBit | kCrlSignBit;
  const auto basic = certificate.basic_constraints();
  const unsigned usage = key_usage_bits(certificate);
  if (!basic || basic->ca != tmpl.is_ca) {
    lint_failure("the CA bit is not the template's");
  }
  if (!basic->ca && (usage & (kKeyCertSignBit | kCrlSignBit)) != 0) {
    lint_failure("the key usage does not fit the CA bit");
  }
  if (certificate.public_key.family() == KeyFamily::ed25519 && (usage & ~kSigningOnly) != 0) {
    lint_failure("the key usage does not fit an Ed25519 key");
  }
  if (basic->ca && !tmpl.is_root && issuer.path_length &&
      (!basic->path_length || *basic->path_length >= *issuer.path_length)) {
    throw Error{Code::path_length_exceeded, "The certificate authority's path length of " +
                                                std::to_string(*issuer.path_length) +
                                                " does not allow this certificate"};
  }
}

// Every URI that relying parties are sent to.
void check_pointer_uris(ByteView contents, int depth) {
  static constexpr int kMaxPointerDepth = 8;
  der::Reader reader{contents, "revocation pointers"};
  while (!reader.done() && depth < kMaxPointerDepth) {
    const der::Element element = reader.any();
    if (element.tag == der::tag::context(6)) {
      if (const auto complaint = uri_complaint(text_of(element.contents))) {
        lint_failure("a revocation or issuer URI is not valid: " + *complaint);
      }
    } else if ((element.tag & 0x20U) != 0) {
      check_pointer_uris(element.contents, depth + 1);
    }
  }
}

}  // namespace

void check_promises(const Certificate& certificate, const Template& tmpl, const IssuerIdentity& issuer,
                    const std::vector<Extension>& passed) {
  check(certificate, oid::kBasicConstraints, basic_constraints_of(tmpl));
  check(certificate, oid::kAuthorityKeyIdentifier, authority_key_id_promise(tmpl, issuer));
  check(
      certificate, oid::kSubjectKeyIdentifier,
      {tmpl.subject_key_id, false, key_id_value({0x04, 0x14}, key_hash(certificate.public_key.spki_der()))});
  check(certificate, oid::kKeyUsage, key_usage_of(tmpl, certificate.public_key.family(), passed));
  check(certificate, oid::kExtendedKeyUsage, extended_key_usage_of(tmpl, passed));
  check_no_others(certificate, tmpl, passed);
  check_passed(certificate, tmpl, passed);
  check_authority_bits(certificate, tmpl, issuer);
  for (const char* id : {oid::kCrlDistributionPoints, oid::kAuthorityInfoAccess}) {
    if (const Extension* pointer = certificate.find(id)) {
      check_pointer_uris(pointer->value, 0);
    }
  }
}

}  // namespace ca
