#include "ca/lint/purposes.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/x509/extension_value.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxShown = 8;  // of the purposes in a message

struct Known {
  const char* id;
  const char* name;
};
constexpr std::array kNames{
    Known{oid::kAnyExtendedKeyUsage, "anyExtendedKeyUsage"},
    Known{oid::kServerAuth, "serverAuth"},
    Known{oid::kClientAuth, "clientAuth"},
    Known{oid::kCodeSigning, "codeSigning"},
    Known{"1.3.6.1.5.5.7.3.4", "emailProtection"},
    Known{"1.3.6.1.5.5.7.3.8", "timeStamping"},
    Known{oid::kOcspSigning, "OCSPSigning"},
};

std::string text_of_purpose(const Oid& id) {
  const auto known =
      std::find_if(kNames.begin(), kNames.end(), [&](const Known& row) { return id == row.id; });
  return known == kNames.end() ? id : known->name;
}

std::string text_of_purposes(const std::vector<Oid>& purposes) {
  std::string text;
  for (std::size_t i = 0; i < std::min(purposes.size(), kMaxShown); ++i) {
    text += (i == 0 ? "" : ", ") + text_of_purpose(purposes[i]);
  }
  return purposes.size() > kMaxShown ? text + ", ..." : text;
}

bool holds(const std::vector<Oid>& purposes, std::string_view id) {
  return std::find(purposes.begin(), purposes.end(), id) != purposes.end();
}

}  // namespace

void check_purposes(const Certificate& certificate, const IssuerIdentity& issuer) {
  const Extension* wanted = certificate.find(oid::kExtendedKeyUsage);
  if (wanted == nullptr) {
    return;
  }
  for (const Extension& limit : issuer.extensions) {
    if (limit.id != oid::kExtendedKeyUsage) {
      continue;
    }
    const auto allowed = purposes_of(limit);
    if (holds(allowed, oid::kAnyExtendedKeyUsage)) {
      continue;
    }
    for (const Oid& purpose : purposes_of(*wanted)) {
      if (!holds(allowed, purpose)) {
        throw Error{
            Code::purpose_not_permitted,
            "The extended key usage " + text_of_purpose(purpose) +
                " is not permitted: the certificate authority's certificate, or one above it, is for " +
                text_of_purposes(allowed) + " only"};
      }
    }
  }
}

}  // namespace ca
