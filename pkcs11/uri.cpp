#include "pkcs11/uri.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

constexpr std::string_view kScheme = "pkcs11:";
constexpr std::size_t kMaxUriBytes = 4096;
constexpr std::size_t kMaxObjectBytes = 255;
constexpr std::size_t kMaxPathBytes = 1024;
constexpr std::string_view kUnreserved = "-._~";
constexpr std::string_view kReservedAllowed = ":[]@!$'()*+,=";  // pk11-res-avail

[[noreturn]] void refuse(const std::string& what) {
  throw Error{ErrorClass::bad_request, "PKCS#11 URI: " + what,
              "write it as RFC 7512 says, for example pkcs11:token=issuing;object=ca-1"};
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kUnreserved.find(c) != std::string_view::npos;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

// Undoes percent-encoding; `also` are the characters that only this part of the URI may hold unescaped.
std::string decoded(std::string_view name, std::string_view value, std::string_view also) {
  std::string result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '%') {
      const int high = i + 2 < value.size() ? hex_value(value[i + 1]) : -1;
      const int low = i + 2 < value.size() ? hex_value(value[i + 2]) : -1;
      if (high < 0 || low < 0) {
        refuse("'" + std::string{name} + "' has a broken percent escape");
      }
      result.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else if (is_unreserved(c) || kReservedAllowed.find(c) != std::string_view::npos ||
               also.find(c) != std::string_view::npos) {
      result.push_back(c);
    } else {
      refuse("'" + std::string{name} + "' has a character that must be percent-encoded");
    }
  }
  return result;
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF; no control characters either.
bool is_printable_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead > 0xF4 || i + length > text.size() || lead < 0x20 || lead == 0x7F) {
      return false;
    }
    std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) {
        return false;
      }
      code = (code << 6U) | (next & 0x3FU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
      return false;
    }
    i += length;
  }
  return true;
}

void set_text(std::optional<std::string>& target, std::string_view name, std::string value,
              std::size_t limit) {
  if (target) {
    refuse("'" + std::string{name} + "' stands twice");
  }
  if (value.empty() || value.size() > limit) {
    refuse("'" + std::string{name} + "' must have 1 to " + std::to_string(limit) + " bytes");
  }
  if (!is_printable_utf8(value)) {
    refuse("'" + std::string{name} + "' must be UTF-8 without control characters");
  }
  target = std::move(value);
}

void set_slot(Uri& uri, const std::string& value) {
  if (uri.slot_id) {
    refuse("'slot-id' stands twice");
  }
  unsigned long number = 0;
  const char* end = value.data() + value.size();
  const auto [stop, failure] = std::from_chars(value.data(), end, number);
  if (failure != std::errc{} || stop != end) {
    refuse("'slot-id' must be a number");
  }
  uri.slot_id = number;
}

void set_id(Uri& uri, const std::string& value) {
  if (uri.id) {
    refuse("'id' stands twice");
  }
  if (value.empty() || value.size() > kMaxObjectBytes) {
    refuse("'id' must have 1 to " + std::to_string(kMaxObjectBytes) + " bytes");
  }
  uri.id = Bytes{value.begin(), value.end()};
}

void set_type(Uri& uri, std::string value) {
  constexpr std::array<std::string_view, 5> kTypes{"private", "public", "cert", "secret-key", "data"};
  if (std::find(kTypes.begin(), kTypes.end(), value) == kTypes.end()) {
    refuse("'type' must be private, public, cert, secret-key or data");
  }
  set_text(uri.type, "type", std::move(value), kMaxObjectBytes);
}

// RFC 7512, 2.3, pk11-path; the limits are those of CK_TOKEN_INFO.
void read_path_attribute(Uri& uri, std::string_view name, std::string_view raw) {
  std::string value = decoded(name, raw, "&");
  if (name == "token") {
    set_text(uri.token, name, std::move(value), 32);
  } else if (name == "serial") {
    set_text(uri.serial, name, std::move(value), 16);
  } else if (name == "manufacturer") {
    set_text(uri.manufacturer, name, std::move(value), 32);
  } else if (name == "model") {
    set_text(uri.model, name, std::move(value), 16);
  } else if (name == "object") {
    set_text(uri.object, name, std::move(value), kMaxObjectBytes);
  } else if (name == "slot-id") {
    set_slot(uri, value);
  } else if (name == "id") {
    set_id(uri, value);
  } else if (name == "type") {
    set_type(uri, std::move(value));
  } else {
    refuse(
        "an attribute is not known here: use token, serial, manufacturer, model, slot-id, object, id, type");
  }
}

// RFC 7512, 2.3, pk11-query.
void read_query_attribute(Uri& uri, std::string_view name, std::string_view raw) {
  if (name == "pin-value") {
    refuse("'pin-value' is refused: a PIN does not belong in a URI, use pin-source");
  }
  std::string value = decoded(name, raw, "/?|");
  if (name == "module-path") {
    set_text(uri.module_path, name, std::move(value), kMaxPathBytes);
  } else if (name == "pin-source") {
    set_text(uri.pin_source, name, std::move(value), kMaxPathBytes);
  } else {
    refuse("a query attribute is not known here: use module-path, pin-source");
  }
}

template <typename Read>
void read_list(Uri& uri, std::string_view list, char separator, Read read) {
  while (true) {
    const std::size_t end = list.find(separator);
    const std::string_view item = list.substr(0, end);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      refuse("every attribute must be name=value");
    }
    read(uri, item.substr(0, equals), item.substr(equals + 1));
    if (end == std::string_view::npos) {
      return;
    }
    list.remove_prefix(end + 1);
  }
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out += '%';
  out += kHex[c >> 4U];
  out += kHex[c & 0xFU];
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      append_escaped(out, static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

Uri Uri::parse(std::string_view text) {
  if (text.size() > kMaxUriBytes) {
    refuse("is longer than " + std::to_string(kMaxUriBytes) + " bytes");
  }
  if (!text.starts_with(kScheme)) {
    refuse("must begin with 'pkcs11:'");
  }
  text.remove_prefix(kScheme.size());
  const std::size_t question = text.find('?');
  const std::string_view path = text.substr(0, question);
  Uri uri;
  if (!path.empty()) {
    read_list(uri, path, ';', read_path_attribute);
  }
  if (question != std::string_view::npos) {
    read_list(uri, text.substr(question + 1), '&', read_query_attribute);
  }
  return uri;
}

std::string Uri::text() const {
  std::string out{kScheme};
  const auto add = [&out](std::string_view name, const std::string& value, char separator) {
    const char last = out.back();
    if (last != ':' && last != '?') {
      out += separator;
    }
    out.append(name).append("=").append(value);
  };
  const auto path = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) {
      add(name, encoded(*value), ';');
    }
  };
  path("token", token);
  path("serial", serial);
  path("manufacturer", manufacturer);
  path("model", model);
  if (slot_id) {
    add("slot-id", std::to_string(*slot_id), ';');
  }
  path("object", object);
  if (id) {
    std::string hex;
    for (const std::uint8_t byte : *id) {
      append_escaped(hex, byte);
    }
    add("id", hex, ';');
  }
  path("type", type);
  if (module_path || pin_source) {
    out += '?';
  }
  if (module_path) {
    add("module-path", encoded(*module_path), '&');
  }
  if (pin_source) {
    add("pin-source", encoded(*pin_source), '&');
  }
  return out;
}

bool Uri::names_token() const { return token || serial || manufacturer || model || slot_id; }

}  // namespace pkcs11
