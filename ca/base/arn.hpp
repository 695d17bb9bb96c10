#pragma once
#include <compare>
#include <string>
#include <string_view>

#include "ca/base/serial_number.hpp"

namespace ca {

// arn:<partition>:acm-pca:<region>:<12 digits>:certificate-authority/<uuid>
struct AuthorityArn {
  std::string partition;
  std::string region;
  std::string account;
  std::string id;  // lower-case uuid

  // Throws Code::invalid_arn ("Not a valid arn.").
  [[nodiscard]] static AuthorityArn parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const AuthorityArn&, const AuthorityArn&) = default;
};

// <authority arn>/certificate/<32 hex digits>
struct CertificateArn {
  AuthorityArn authority;
  SerialNumber serial;

  [[nodiscard]] static CertificateArn parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const CertificateArn&, const CertificateArn&) = default;
};

// arn:<partition>:acm-pca:::template/<Name>/V1
struct TemplateArn {
  std::string partition;
  std::string name;  // "EndEntityCertificate"

  // Reads the ARN of a template in `partition`, that of the authority that is to issue from it: another
  // partition would be another text for the same template, which no policy matches (I11). Throws
  // Code::invalid_args: AWS gives no name for an unknown template; ours is InvalidArgsException.
  [[nodiscard]] static TemplateArn parse(std::string_view text, std::string_view partition);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const TemplateArn&, const TemplateArn&) = default;
};

// A random (version 4) uuid, lower case.
[[nodiscard]] std::string random_uuid();
// Whether text is 8-4-4-4-12 lower-case hex.
[[nodiscard]] bool is_uuid(std::string_view text);

}  // namespace ca
