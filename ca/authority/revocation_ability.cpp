#include "ca/authority/revocation_ability.hpp"

#include <algorithm>

#include "ca/x509/extension_value.hpp"

namespace ca {
namespace {

bool may_sign_lists(const Certificate& certificate) {
  return certificate.find(oid::kKeyUsage) == nullptr || (key_usage_bits(certificate) & kCrlSignBit) != 0;
}

// Also those above it: verifiers take them for a limit on everything below.
bool may_certify_responders(const IssuerIdentity& identity) {
  return std::ranges::all_of(identity.extensions, [](const Extension& limit) {
    if (limit.id != oid::kExtendedKeyUsage) {
      return true;
    }
    const auto purposes = purposes_of(limit);
    return std::ranges::any_of(purposes, [](const Oid& purpose) {
      return purpose == oid::kOcspSigning || purpose == oid::kAnyExtendedKeyUsage;
    });
  });
}

}  // namespace

std::optional<std::string> revocation_complaint(const Authority& authority,
                                                const RevocationConfiguration& wanted) {
  if (!authority.certificate) {
    return std::nullopt;
  }
  if (wanted.crl.enabled && !may_sign_lists(*authority.certificate)) {
    return "CRLs are enabled, and relying parties take none from a certificate whose keyUsage has no cRLSign";
  }
  if (wanted.ocsp.enabled && !may_certify_responders(authority.identity)) {
    return "OCSP is enabled, and the extendedKeyUsage of the certificate, or of one above it, has no "
           "OCSPSigning for the responder that it certifies";
  }
  return std::nullopt;
}

}  // namespace ca
