#include "ca/base/arn.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/random.hpp"
#include "ca/base/strings.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxArn = 200;  // shape Arn of the API
constexpr std::size_t kMaxPart = 32;  // partition and region names
constexpr std::size_t kMaxTemplateName = 128;

bool is_lower_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPart && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_template_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTemplateName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

[[noreturn]] void refuse() { throw Error{Code::invalid_arn, "Not a valid arn."}; }

}  // namespace

AuthorityArn AuthorityArn::parse(std::string_view text) {
  static constexpr std::string_view kType = "certificate-authority/";
  if (text.size() > kMaxArn) {
    refuse();
  }
  const auto parts = split(text, ':');
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "acm-pca" || parts[5].rfind(kType, 0) != 0) {
    refuse();
  }
  AuthorityArn arn{parts[1], parts[3], parts[4], parts[5].substr(kType.size())};
  if (!is_lower_name(arn.partition) || !is_lower_name(arn.region) || !is_account(arn.account) ||
      !is_uuid(arn.id)) {
    refuse();
  }
  return arn;
}

std::string AuthorityArn::text() const {
  return "arn:" + partition + ":acm-pca:" + region + ":" + account + ":certificate-authority/" + id;
}

CertificateArn CertificateArn::parse(std::string_view text) {
  static constexpr std::string_view kPart = "/certificate/";
  const auto at = text.find(kPart);
  if (at == std::string_view::npos) {
    refuse();
  }
  const std::string_view digits = text.substr(at + kPart.size());
  if (digits.size() != SerialNumber::kBytes * 2 || !is_lower_hex(digits)) {
    refuse();
  }
  return {AuthorityArn::parse(text.substr(0, at)), SerialNumber::from_hex(digits)};
}

std::string CertificateArn::text() const { return authority.text() + "/certificate/" + serial.hex(); }

TemplateArn TemplateArn::parse(std::string_view text, std::string_view partition) {
  static constexpr std::string_view kType = "template/";
  static constexpr std::string_view kVersion = "/V1";
  const auto parts = split(text.substr(0, kMaxArn + 1), ':');
  const bool shaped = text.size() <= kMaxArn && parts.size() == 6 && parts[0] == "arn" &&
                      parts[1] == partition && parts[2] == "acm-pca" && parts[3].empty() &&
                      parts[4].empty() && parts[5].size() > kType.size() + kVersion.size() &&
                      parts[5].rfind(kType, 0) == 0 &&
                      parts[5].substr(parts[5].size() - kVersion.size()) == kVersion;
  if (shaped) {
    std::string name = parts[5].substr(kType.size(), parts[5].size() - kType.size() - kVersion.size());
    if (is_template_name(name)) {
      return {parts[1], std::move(name)};
    }
  }
  throw Error{Code::invalid_args, "Not a template ARN: it has the form arn:" + std::string{partition} +
                                      ":acm-pca:::template/<name>/V1"};
}

std::string TemplateArn::text() const { return "arn:" + partition + ":acm-pca:::template/" + name + "/V1"; }

std::string random_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  fill_random(bytes);
  // RFC 9562, 5.4: version 4, variant 10.
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_lower_hex(text.substr(i, 1))) {
      return false;
    }
  }
  return true;
}

}  // namespace ca
