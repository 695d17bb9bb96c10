#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "pkcs11/bytes.hpp"

namespace pkcs11 {

// A PKCS#11 URI (RFC 7512): names a token, and an object on it.
// Read strictly: unknown, doubled, empty or over-long attributes are errors, and so is pin-value (a PIN never
// stands in configuration). Throws Error{bad_request} that never repeats the text of a PIN.
struct Uri {
  std::optional<std::string> token;
  std::optional<std::string> serial;
  std::optional<std::string> manufacturer;
  std::optional<std::string> model;
  std::optional<unsigned long> slot_id;
  std::optional<std::string> object;
  std::optional<Bytes> id;
  std::optional<std::string> type;  // "private", "public", "cert", "secret-key", "data"
  std::optional<std::string> module_path;
  std::optional<std::string> pin_source;

  static Uri parse(std::string_view text);
  // One spelling for equal values: fixed order, everything but unreserved characters escaped.
  [[nodiscard]] std::string text() const;
  // token, serial, manufacturer, model or slot-id is there.
  [[nodiscard]] bool names_token() const;

  friend bool operator==(const Uri&, const Uri&) = default;
};

}  // namespace pkcs11
