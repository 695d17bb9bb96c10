#include "ca/audit/json_text.hpp"

#include <cstdint>

namespace ca {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// Length of the well-formed UTF-8 sequence at the beginning of text, 0 when there is none (RFC 3629, 4).
std::size_t sequence_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) {
    return 0;
  }
  const std::uint8_t second = byte_at(text, 1);
  const std::uint8_t lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0U) != 0x80) {
      return 0;
    }
  }
  return length;
}

std::string escaped(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (static_cast<std::uint8_t>(c) >= 0x20) {
    return {c};
  }
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<std::uint8_t>(c);
  return std::string{"\\u00"} + kDigits[value >> 4U] + kDigits[value & 0x0FU];
}

}  // namespace

JsonText json_text(std::string_view text, std::size_t max) {
  JsonText json{.quoted = "\""};
  json.quoted.reserve(std::min(text.size(), max) + 2);
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string part = length == 0   ? std::string{kReplacement}
                             : length == 1 ? escaped(text.front())
                                           : std::string{text.substr(0, length)};
    if (json.quoted.size() - 1 + part.size() > max) {
      json.cut = true;
      break;
    }
    json.quoted += part;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  json.quoted += '"';
  return json;
}

}  // namespace ca
