#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace ca {

enum class CrlType { complete, partitioned };

// The API's CrlConfiguration. Everything below `enabled` means something only with it.
struct CrlConfiguration {
  bool enabled = false;
  int expiration_days = 0;  // 1 to 5000: nextUpdate
  CrlType type = CrlType::complete;
  std::optional<std::string> custom_cname;  // host of the distribution point
  std::optional<std::string> custom_path;   // folder of its path; absent: "crl"
  std::optional<std::string> bucket;        // where it is put besides our own listener
  std::string object_acl = "PUBLIC_READ";   // echoed: who reads a bucket is that bucket's affair
  bool omit_extension = false;              // no distribution point in certificates
  friend bool operator==(const CrlConfiguration&, const CrlConfiguration&) = default;
};

struct OcspConfiguration {
  bool enabled = false;
  std::optional<std::string> custom_cname;  // host of the responder
  friend bool operator==(const OcspConfiguration&, const OcspConfiguration&) = default;
};

// What an authority says to those who ask about revocation. A value.
struct RevocationConfiguration {
  CrlConfiguration crl;
  OcspConfiguration ocsp;

  // A RevocationConfiguration in JSON whose members hold the constraints of the API. Checks what they mean
  // together: a part that is disabled says nothing else, a CRL needs ExpirationInDays, OmitExtension and
  // CustomCname exclude each other, names are hosts. Throws Code::invalid_args.
  [[nodiscard]] static RevocationConfiguration parse(std::string_view stored);
  // The form that is stored and shown: both parts always, a disabled one with Enabled alone.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const RevocationConfiguration&, const RevocationConfiguration&) = default;
};

}  // namespace ca
