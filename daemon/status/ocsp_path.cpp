#include "daemon/status/ocsp_path.hpp"

#include <algorithm>
#include <string>

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"

namespace status {
namespace {

constexpr std::string_view kPrefix = "/ocsp/";
// Every character percent-encoded, of the largest request that is read at all.
constexpr std::size_t kMaxPathBytes = 16384;

int digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// nullopt: a '%' without two hex digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    const bool complete = at + 2 < text.size();
    const int high = complete ? digit(text[at + 1]) : -1;
    const int low = complete ? digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

}  // namespace

std::optional<ca::Bytes> ocsp_request_in(std::string_view path) {
  path.remove_prefix(path.starts_with(kPrefix) ? kPrefix.size() : std::min<std::size_t>(path.size(), 1));
  auto text = path.size() <= kMaxPathBytes ? percent_decoded(path) : std::nullopt;
  if (!text || text->empty()) {
    return std::nullopt;
  }
  for (char& c : *text) {
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  while (text->size() % 4 != 0) {
    *text += '=';
  }
  try {
    return ca::from_base64(*text);
  } catch (const ca::Error&) {
    return std::nullopt;
  }
}

}  // namespace status
