#include "daemon/net/request_head.hpp"

#include <algorithm>

#include "ca/base/strings.hpp"

namespace net {
namespace {

constexpr std::size_t kMaxLengthDigits = 18;  // fits 64 bits
constexpr std::size_t kMaxMethodBytes = 32;   // the longest that IANA knows has 17
constexpr std::size_t kMaxHostBytes = 261;    // a DNS name of 255, ':' and a port of 5

[[noreturn]] void bad(const std::string& detail) { throw BadRequest{400, detail}; }

bool is_token_char(char c) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void read_version(std::string_view version, RequestHead& head) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version == "HTTP/1.1" || version == "HTTP/1.0") {
    head.minor_version = version.back() - '0';
    return;
  }
  const bool other_version = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                             version[6] == '.' && is_digit(version[7]);
  throw BadRequest{other_version ? 505 : 400, "the HTTP version must be 1.1 or 1.0"};
}

void read_request_line(std::string_view line, const HeadBounds& bounds, RequestHead& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    bad("the request line must be: method, one space, target, one space, version");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || method.size() > kMaxMethodBytes) {
    bad("the method is not a token of at most " + std::to_string(kMaxMethodBytes) + " bytes");
  }
  read_version(version, head);
  if (target.size() > bounds.target_bytes) {
    throw BadRequest{414,
                     "the request target is longer than " + std::to_string(bounds.target_bytes) + " bytes"};
  }
  const bool printable =
      std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (!target.starts_with('/') || !printable) {
    bad("the request target must be a path that begins with '/'");
  }
  head.method = method;
  head.target = target;
  const auto question = target.find('?');
  head.path = target.substr(0, question);
  head.query = question == std::string_view::npos ? "" : target.substr(question + 1);
}

void read_field(std::string_view line, RequestHead& head) {
  if (line.front() == ' ' || line.front() == '\t') {
    bad("a header line must not begin with white space (obsolete folding)");
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    bad("a header line must be: name, colon without space before it, value");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; })) {
    bad("a header value must not hold control characters");
  }
  head.headers.emplace_back(line.substr(0, colon), value);
}

// All values of one header.
std::vector<std::string_view> values_of(const RequestHead& head, std::string_view lower_name) {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : head.headers) {
    if (ca::ascii_lower(name) == lower_name) {
      values.push_back(value);
    }
  }
  return values;
}

void read_framing(RequestHead& head) {
  const auto encodings = values_of(head, "transfer-encoding");
  const auto lengths = values_of(head, "content-length");
  if (!encodings.empty()) {
    // Codings have no case, but who writes it otherwise may also be read otherwise by what stands before us.
    head.chunked =
        encodings.size() == 1 && encodings.front() == "chunked" && lengths.empty() && head.minor_version == 1;
    if (!head.chunked) {
      bad("Transfer-Encoding must be 'chunked', once, without Content-Length, and not in HTTP 1.0");
    }
    return;
  }
  if (lengths.empty()) {
    return;
  }
  const std::string_view digits = lengths.front();
  const bool number = !digits.empty() && digits.size() <= kMaxLengthDigits &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (lengths.size() != 1 || !number) {
    bad("there must be one Content-Length, of digits only");
  }
  head.content_length = std::stoull(std::string{digits});
}

// uri-host [ ":" port ] by its characters: what it names is for the protocols (RFC 9112, 3.2).
bool is_host(std::string_view value) {
  static constexpr std::string_view kMarks = "-._~%!$&'()*+;=:[]";
  return !value.empty() && value.size() <= kMaxHostBytes &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  kMarks.find(c) != std::string_view::npos;
         });
}

void read_connection(RequestHead& head) {
  const auto hosts = values_of(head, "host");
  if (hosts.size() > 1 || (hosts.empty() && head.minor_version == 1)) {
    bad("there must be exactly one Host header");
  }
  if (!hosts.empty() && !is_host(hosts.front())) {
    bad("the Host header must hold a name or an address, and a port");
  }
  head.keep_alive = head.minor_version == 1;
  for (const std::string_view value : values_of(head, "connection")) {
    for (const std::string& option : ca::split(ca::ascii_lower(value), ',')) {
      if (trimmed(option) == "close") {
        head.keep_alive = false;
      }
    }
  }
  for (const std::string_view value : values_of(head, "expect")) {
    if (ca::ascii_lower(value) != "100-continue") {
      throw BadRequest{417, "the only expectation that is met is 100-continue"};
    }
    head.expects_continue = head.minor_version == 1;
  }
}

}  // namespace

RequestHead parse_head(std::string_view head, const HeadBounds& bounds) {
  RequestHead parsed;
  std::size_t at = 0;
  bool request_line = true;
  while (true) {
    const auto end = head.find("\r\n", at);
    if (end == std::string_view::npos) {
      bad("every line must end with CR LF");
    }
    const std::string_view line = head.substr(at, end - at);
    at = end + 2;
    if (line.find_first_of("\r\n") != std::string_view::npos || line.find('\0') != std::string_view::npos) {
      bad("a line must not hold a bare CR, a bare LF or NUL");
    }
    if (request_line) {
      read_request_line(line, bounds, parsed);
      request_line = false;
      continue;
    }
    if (line.empty()) {
      break;
    }
    if (parsed.headers.size() == bounds.fields) {
      throw BadRequest{431, "more than " + std::to_string(bounds.fields) + " header fields"};
    }
    read_field(line, parsed);
  }
  read_connection(parsed);
  read_framing(parsed);
  return parsed;
}

bool hopeless(std::string_view received, std::size_t from) {
  for (std::size_t i = from; i < received.size(); ++i) {
    const char c = received[i];
    const bool bare_lf = c == '\n' && (i == 0 || received[i - 1] != '\r');
    const bool bare_cr = c == '\r' && i + 1 < received.size() && received[i + 1] != '\n';
    if (bare_lf || bare_cr || (is_control(c) && c != '\r' && c != '\n' && c != '\t')) {
      return true;
    }
  }
  return false;
}

}  // namespace net
