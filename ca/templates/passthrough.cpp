#include "ca/templates/passthrough.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/x509/certificate.hpp"
#include "ca/x509/extension_value.hpp"

namespace ca {
namespace {

enum class Asker { api, csr };

[[noreturn]] void refuse(Asker asker, const std::string& what) {
  if (asker == Asker::api) {
    throw Error{Code::invalid_args, "ApiPassthrough: " + what};
  }
  throw Error{Code::malformed_csr, "The CSR's extensions: " + what};
}

template <std::size_t N>
bool is_one_of(const Oid& id, const std::array<const char*, N>& ids) {
  return std::any_of(ids.begin(), ids.end(), [&](const char* candidate) { return id == candidate; });
}

const Extension* find(const std::vector<Extension>& extensions, const Oid& id) {
  const auto found = std::find_if(extensions.begin(), extensions.end(),
                                  [&](const Extension& extension) { return extension.id == id; });
  return found == extensions.end() ? nullptr : &*found;
}

bool is_fixed(const Template& tmpl, const Oid& id) {
  static constexpr std::array kAlways{oid::kBasicConstraints, oid::kAuthorityKeyIdentifier,
                                      oid::kSubjectKeyIdentifier};
  if (id == oid::kKeyUsage) {
    return tmpl.key_usage != Template::KeyUsage::passthrough;
  }
  if (id == oid::kExtendedKeyUsage) {
    return tmpl.extended_key_usage != Template::ExtendedKeyUsage::passthrough;
  }
  return is_one_of(id, kAlways);
}

// Why nobody may choose it; nullptr: it may pass.
const char* objection(const Template& tmpl, const Oid& id) {
  static constexpr std::array kPointers{oid::kCrlDistributionPoints, oid::kFreshestCrl,
                                        oid::kAuthorityInfoAccess, oid::kNoRevAvail};
  static constexpr std::array kForAuthorities{oid::kNameConstraints, oid::kPolicyMappings,
                                              oid::kPolicyConstraints, oid::kInhibitAnyPolicy};
  if (is_one_of(id, kPointers)) {
    return "is set by the certificate authority alone: it says where the certificate's own revocation is "
           "found";
  }
  if (!tmpl.is_ca && is_one_of(id, kForAuthorities)) {
    return "is for certificates of authorities only";
  }
  return nullptr;
}

void check_key_usage(const Template& tmpl, const PublicKey& key, const Extension& usage, Asker asker) {
  static constexpr unsigned kEnciphering = 1U << 2U | 1U << 3U | 1U << 4U | 1U << 7U | 1U << 8U;
  const unsigned bits = usage_bits_of(usage);
  if (!tmpl.is_ca && (bits & (kKeyCertSignBit | kCrlSignBit)) != 0) {
    refuse(asker, "keyUsage with keyCertSign or cRLSign is for certificates of authorities only");
  }
  if (key.family() == KeyFamily::ed25519 && (bits & kEnciphering) != 0) {
    refuse(asker, "keyUsage of an Ed25519 key can be digitalSignature and nonRepudiation only");
  }
}

// An authority with this purpose could answer for the revocation of its own certificate.
void check_purposes(const Template& tmpl, const Extension& extension, Asker asker) {
  const auto purposes = purposes_of(extension);
  if (tmpl.is_ca && std::find(purposes.begin(), purposes.end(), oid::kOcspSigning) != purposes.end()) {
    refuse(asker, "an authority's certificate cannot be for OCSPSigning");
  }
}

void check_extension(const Template& tmpl, const PublicKey& key, const Extension& extension, Asker asker) {
  if (const auto complaint = extension_complaint(extension)) {
    refuse(asker, *complaint);
  }
  if (extension.id == oid::kKeyUsage) {
    check_key_usage(tmpl, key, extension, asker);
  } else if (extension.id == oid::kExtendedKeyUsage) {
    check_purposes(tmpl, extension, asker);
  }
}

void pass_extensions(const Template& tmpl, const PublicKey& key, const std::vector<Extension>& asked,
                     Asker asker, std::vector<Extension>& passed) {
  for (const Extension& extension : asked) {
    if (extension.id == oid::kSubjectAltName || is_fixed(tmpl, extension.id)) {
      continue;
    }
    if (const char* why = objection(tmpl, extension.id)) {
      if (asker == Asker::api) {
        refuse(asker, "extension " + extension.id + " " + why);
      }
      continue;
    }
    if (find(passed, extension.id) == nullptr) {
      check_extension(tmpl, key, extension, asker);
      passed.push_back(extension);
    }
  }
  std::size_t size = 0;
  for (const Extension& extension : passed) {
    size += extension.value.size();
  }
  if (passed.size() > kMaxPassedExtensions || size > kMaxPassedBytes) {
    refuse(asker, "more than " + std::to_string(kMaxPassedExtensions) + " extensions or " +
                      std::to_string(kMaxPassedBytes) + " bytes of them");
  }
}

// Subject and SAN are replaced as a whole, never merged.
void grant_names(const Template& tmpl, const CertificateRequest& request, const ApiPassthrough& api,
                 Granted& granted) {
  const bool api_counts = tmpl.names_from == Template::NameSource::api_else_request;
  granted.subject = api_counts && api.subject ? *api.subject : request.subject;
  const Extension* from_api = api_counts ? find(api.extensions, oid::kSubjectAltName) : nullptr;
  const Extension* alt_names =
      from_api != nullptr ? from_api : find(request.extensions, oid::kSubjectAltName);
  granted.names_from_api = from_api != nullptr || (api_counts && api.subject);
  if (alt_names == nullptr) {
    return;
  }
  if (from_api != nullptr) {
    if (const auto complaint = extension_complaint(*from_api)) {
      refuse(Asker::api, *complaint);
    }
  }
  granted.alt_names = Extension{oid::kSubjectAltName, granted.subject.empty(), alt_names->value};
  granted.names = parse_general_names(alt_names->value);
}

}  // namespace

Granted grant(const Template& tmpl, const CertificateRequest& request, const ApiPassthrough& api) {
  Granted granted;
  grant_names(tmpl, request, api, granted);
  if (tmpl.api_passthrough) {
    pass_extensions(tmpl, request.public_key, api.extensions, Asker::api, granted.extensions);
  }
  if (tmpl.csr_passthrough) {
    pass_extensions(tmpl, request.public_key, request.extensions, Asker::csr, granted.extensions);
  }
  return granted;
}

}  // namespace ca
