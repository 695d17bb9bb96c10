#include "ca/x509/name_syntax.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

#include "ca/base/strings.hpp"
#include "ca/x509/punycode.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxLocalPart = 64;
constexpr std::size_t kMaxEmail = 254;
constexpr std::size_t kMaxUri = 2048;      // SPIFFE-ID, 2.3
constexpr std::string_view kAce = "xn--";  // RFC 5890, 2.3.2.1
constexpr std::string_view kSpiffe = "spiffe://";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool holds_only(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
  });
}

bool is_label(std::string_view label, std::string_view marks) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         holds_only(label, marks);
}

std::optional<std::string> host_complaint(std::string_view host, std::string_view marks) {
  if (host.empty() || host.size() > kMaxDnsName) {
    return "it must have 1 to 253 characters";
  }
  for (const std::string& label : split(host, '.')) {
    if (!is_label(label, marks)) {
      return label.empty() ? "it has an empty label"
                           : "a label must be 1 to 63 letters, digits and hyphens, no hyphen at its ends";
    }
    if (ascii_lower(label.substr(0, kAce.size())) == kAce && !is_punycode(label.substr(kAce.size()))) {
      return "a label begins with xn-- and is not valid Punycode";
    }
  }
  return std::nullopt;
}

// As readers of URLs decide whether a host is an address: by its last label (URL Standard, "ends in a
// number").
bool ends_in_number(std::string_view host) {
  const auto dot = host.rfind('.');
  if (dot == std::string_view::npos) {
    return false;
  }
  const std::string_view label = host.substr(dot + 1);
  const bool hex = label.size() >= 2 && label[0] == '0' && (label[1] | 0x20) == 'x';
  return hex ? std::all_of(label.begin() + 2, label.end(), is_hex)
             : std::all_of(label.begin(), label.end(), is_digit);
}

std::optional<std::string> domain_complaint(std::string_view name) {
  const auto complaint = host_complaint(name, "-");
  return !complaint && ends_in_number(name) ? "its last label is a number, as in an address" : complaint;
}

struct Authority {
  std::string_view host;
  bool literal = false;  // in brackets
  std::string_view port;
};

// The part between "//" and the path; nullopt when the URI has none.
std::optional<std::string_view> authority_text(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || uri.substr(colon + 1, 2) != "//") {
    return std::nullopt;
  }
  const std::string_view rest = uri.substr(colon + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

Authority split_authority(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) {
      return {{}, true, {}};
    }
    return {text.substr(1, end - 1), true, text.substr(end + 1)};
  }
  const auto colon = text.find(':');
  return {text.substr(0, colon), false,
          colon == std::string_view::npos ? std::string_view{} : text.substr(colon)};
}

bool is_address(int family, std::string_view text) {
  std::array<unsigned char, 16> address{};
  return inet_pton(family, std::string{text}.c_str(), address.data()) == 1;
}

std::optional<std::string> authority_complaint(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return "user information (user@host) is not allowed";
  }
  if (text.find('%') != std::string_view::npos) {
    return "the host must not hold a zone identifier or percent-encoding";
  }
  const Authority authority = split_authority(text);
  if (!authority.port.empty() && (authority.port.front() != ':' || authority.port.size() > 6 ||
                                  !std::all_of(authority.port.begin() + 1, authority.port.end(), is_digit))) {
    return "the port is not a number";
  }
  if (authority.literal) {
    return is_address(AF_INET6, authority.host)
               ? std::nullopt
               : std::optional<std::string>{"the host in brackets is no IPv6 address"};
  }
  // An underscore is no letter of DNS, but of SPIFFE trust domains (SPIFFE-ID, 2.1).
  const auto complaint = host_complaint(authority.host, "-_");
  return complaint ? std::optional{"in its host: " + *complaint} : std::nullopt;
}

std::optional<std::string> character_complaint(std::string_view uri) {
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%') {
      if (i + 2 >= uri.size() || !is_hex(uri[i + 1]) || !is_hex(uri[i + 2])) {
        return "a percent sign must be followed by two hexadecimal digits";
      }
    } else if (!holds_only(uri.substr(i, 1), "-._~:/?#[]@!$&'()*+,;=")) {
      return "it has a character that URIs do not have";
    }
  }
  return std::nullopt;
}

int hex_value(char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; }

// Percent-encoded octets as readers see them after one decoding; the syntax of the text is already checked.
std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      plain += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Of the path, and of the authority before it, which is none either.
bool has_dot_segment(std::string_view uri) {
  std::string path = decoded(uri.substr(uri.find(':') + 1, uri.find_first_of("?#") - uri.find(':') - 1));
  std::replace(path.begin(), path.end(), '\\', '/');  // as many readers of URLs do
  const auto segments = split(path, '/');
  return std::any_of(segments.begin(), segments.end(),
                     [](const std::string& segment) { return segment == "." || segment == ".."; });
}

std::optional<std::string> spiffe_complaint(std::string_view uri) {
  if (uri.substr(0, kSpiffe.size()) != kSpiffe) {
    return "a SPIFFE ID begins with spiffe://";
  }
  const std::string_view rest = uri.substr(kSpiffe.size());
  const std::string_view trust_domain = rest.substr(0, rest.find('/'));
  const bool plain = std::all_of(trust_domain.begin(), trust_domain.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
  if (!plain) {
    return "the trust domain of a SPIFFE ID may hold a-z, 0-9, '.', '-' and '_' only";
  }
  if (trust_domain.size() == rest.size()) {
    return std::nullopt;
  }
  for (const std::string& segment : split(rest.substr(trust_domain.size() + 1), '/')) {
    if (segment.empty() || !holds_only(segment, "-._")) {
      return "a path segment of a SPIFFE ID must be letters, digits, '.', '-' and '_', and not empty";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> name_complaint(const GeneralName& name) {
  using Kind = GeneralName::Kind;
  switch (name.kind) {
    case Kind::dns:
      return dns_complaint(text_of(name.value));
    case Kind::email:
      return email_complaint(text_of(name.value));
    case Kind::uri:
      return uri_complaint(text_of(name.value));
    case Kind::ip:
    case Kind::directory:
    case Kind::other:
    case Kind::registered_id:
      return std::nullopt;  // reading them was the check
    case Kind::x400:
    case Kind::edi_party:
      break;
  }
  return "names of this kind are not supported";
}

std::optional<std::string> dns_complaint(std::string_view name) {
  if (name.substr(0, 2) != "*.") {
    return domain_complaint(name);
  }
  if (name.size() > kMaxDnsName) {
    return "it must have 1 to 253 characters";
  }
  if (ends_in_number(name)) {
    return "its last label is a number, as in an address";
  }
  return domain_complaint(name.substr(2));
}

std::optional<std::string> email_complaint(std::string_view name) {
  const auto at = name.rfind('@');
  if (at == std::string_view::npos || name.size() > kMaxEmail) {
    return "it must be local-part@domain with at most 254 characters";
  }
  const std::string_view local = name.substr(0, at);
  const bool dots_right = !local.empty() && local.front() != '.' && local.back() != '.' &&
                          local.find("..") == std::string_view::npos;
  if (!dots_right || local.size() > kMaxLocalPart || !holds_only(local, ".!#$%&'*+-/=?^_`{|}~")) {
    return "its local part is not a plain one of 1 to 64 characters";
  }
  return domain_complaint(name.substr(at + 1));
}

std::optional<std::string> uri_complaint(std::string_view uri) {
  if (uri.size() > kMaxUri) {
    return "it must have at most 2048 characters";
  }
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(uri.front()) ||
      !holds_only(uri.substr(0, colon), "+-.")) {
    return "it must begin with a scheme";
  }
  if (colon + 1 == uri.size()) {
    return "nothing follows its scheme";
  }
  if (const auto complaint = character_complaint(uri)) {
    return complaint;
  }
  if (ascii_lower(uri.substr(0, colon)) == "spiffe") {
    if (const auto complaint = spiffe_complaint(uri)) {
      return complaint;
    }
  }
  if (has_dot_segment(uri)) {
    return "a path segment must not be '.' or '..'";
  }
  const auto authority = authority_text(uri);
  return authority ? authority_complaint(*authority) : std::nullopt;
}

std::string_view uri_origin(std::string_view uri) {
  const auto authority = authority_text(uri);
  return authority ? uri.substr(0, static_cast<std::size_t>(authority->end() - uri.begin())) : uri;
}

std::optional<std::string> uri_host(std::string_view uri) {
  const auto authority = authority_text(uri);
  return authority ? std::optional{std::string{split_authority(*authority).host}} : std::nullopt;
}

bool is_ip_literal(std::string_view host) { return is_address(AF_INET, host) || is_address(AF_INET6, host); }

}  // namespace ca
