#include "daemon/auth/signed_request.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/strings.hpp"

namespace auth {
namespace {

using ca::Code;
using ca::Error;

constexpr std::size_t kMaxAccessKeyIdBytes = 128;  // AWS: 16 to 128
constexpr std::size_t kMaxSignedHeaders = 64;      // the longest list seen of an SDK has 11
constexpr std::size_t kSignatureDigits = 64;

[[noreturn]] void incomplete(const std::string& what) { throw Error{Code::incomplete_signature, what}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

struct Parameters {
  std::optional<std::string> credential;
  std::optional<std::string> signed_headers;
  std::optional<std::string> signature;
};

// `Credential=..., SignedHeaders=..., Signature=...` in any order. No text repeats the header (I18).
Parameters read_parameters(std::string_view authorization) {
  const std::string_view value = trimmed(authorization);
  const std::size_t space = value.find_first_of(" \t");
  if (value.substr(0, space) != ca::sigv4::kAlgorithm) {
    incomplete("The Authorization header must use the algorithm 'AWS4-HMAC-SHA256'.");
  }
  Parameters parameters;
  const std::string_view list =
      space == std::string_view::npos ? std::string_view{} : trimmed(value.substr(space));
  for (const std::string& part : ca::split(list, ',')) {
    if (trimmed(part).empty()) {
      continue;
    }
    const std::string_view parameter = trimmed(part);
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    std::optional<std::string>* place = name == "Credential"      ? &parameters.credential
                                        : name == "SignedHeaders" ? &parameters.signed_headers
                                        : name == "Signature"     ? &parameters.signature
                                                                  : nullptr;
    if (place == nullptr || equals == std::string_view::npos || place->has_value()) {
      incomplete("The Authorization header has a parameter that is unknown, repeated or not 'name=value'.");
    }
    *place = std::string{parameter.substr(equals + 1)};
  }
  std::string missing;
  const auto require = [&missing](const std::optional<std::string>& parameter, const char* name) {
    if (!parameter || parameter->empty()) {
      missing +=
          std::string{missing.empty() ? "" : " "} + "Authorization header requires '" + name + "' parameter.";
    }
  };
  require(parameters.credential, "Credential");
  require(parameters.signature, "Signature");
  require(parameters.signed_headers, "SignedHeaders");
  if (!missing.empty()) {
    incomplete(missing);
  }
  return parameters;
}

void read_credential(const std::string& credential, SignedRequest& result) {
  std::vector<std::string> parts = ca::split(credential, '/');
  if (parts.size() != 5 || std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.empty(); })) {
    incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.");
  }
  if (parts[4] != ca::sigv4::kTerminator) {
    incomplete("Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  const bool id_is_word =
      parts[0].size() <= kMaxAccessKeyIdBytes && std::all_of(parts[0].begin(), parts[0].end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      });
  if (!id_is_word) {
    incomplete("Credential must begin with an access key id: at most 128 letters, digits and underscores.");
  }
  if (parts[1].size() != 8 || !std::all_of(parts[1].begin(), parts[1].end(), is_digit)) {
    incomplete("Credential should have a date of the form YYYYMMDD.");
  }
  result.access_key_id = std::move(parts[0]);
  result.scope = {std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
}

bool is_lower_token(std::string_view name) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || kMarks.find(c) != std::string_view::npos;
  });
}

std::vector<std::string> read_signed_headers(const std::string& list) {
  std::vector<std::string> names = ca::split(list, ';');
  if (names.size() > kMaxSignedHeaders) {
    incomplete("SignedHeaders names more than 64 headers.");
  }
  if (!std::all_of(names.begin(), names.end(), is_lower_token)) {
    incomplete("SignedHeaders must be lower-case header names separated by ';'.");
  }
  if (std::adjacent_find(names.begin(), names.end(), std::greater_equal<>{}) != names.end()) {
    incomplete("SignedHeaders must be sorted and name each header once.");
  }
  return names;
}

int number_at(std::string_view text, std::size_t position, std::size_t digits) {
  int number = 0;
  for (const char c : text.substr(position, digits)) {
    if (!is_digit(c)) {
      return -1;
    }
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<ca::Seconds> instant(int year, int month, int day, int hour, int minute, int second) {
  using namespace std::chrono;
  if (year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59) {
    return std::nullopt;
  }
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

// YYYYMMDDTHHMMSSZ
std::optional<ca::Seconds> parse_basic_iso8601(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') {
    return std::nullopt;
  }
  return instant(number_at(text, 0, 4), number_at(text, 4, 2), number_at(text, 6, 2), number_at(text, 9, 2),
                 number_at(text, 11, 2), number_at(text, 13, 2));
}

// IMF-fixdate (RFC 9110, 5.6.7): "Tue, 24 Nov 2026 12:00:00 GMT". The day of the week says nothing new.
std::optional<ca::Seconds> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) {
    return std::nullopt;
  }
  return instant(number_at(text, 12, 4), static_cast<int>(month - kMonths.begin()) + 1, number_at(text, 5, 2),
                 number_at(text, 17, 2), number_at(text, 20, 2), number_at(text, 23, 2));
}

// The name of the header that gave the time: it must be signed.
std::string_view read_time(const http::HttpRequest& request, SignedRequest& result) {
  const auto amz_date = only_header(request, "x-amz-date");
  const auto date = amz_date ? amz_date : only_header(request, "date");
  if (!date) {
    incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  auto time = parse_basic_iso8601(trimmed(*date));
  if (!time && !amz_date) {
    time = parse_http_date(trimmed(*date));
  }
  if (!time) {
    incomplete("Date must be in ISO-8601 'basic format', e.g. 20261124T120000Z.");
  }
  result.time = *time;
  result.time_text = basic_iso8601(*time);
  return amz_date ? "x-amz-date" : "date";
}

void require_signed(const SignedRequest& result, std::string_view lower_name, const std::string& shown) {
  if (!std::binary_search(result.signed_headers.begin(), result.signed_headers.end(), lower_name)) {
    throw Error{Code::invalid_signature,
                "'" + shown + "' must be a 'SignedHeader' in the AWS Authorization."};
  }
}

}  // namespace

std::optional<std::string_view> only_header(const http::HttpRequest& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [header_name, value] : request.headers) {
    if (header_name.size() == name.size() && ca::ascii_lower(header_name) == name) {
      if (found) {
        incomplete("The header '" + std::string{name} + "' is repeated; send it once.");
      }
      found = value;
    }
  }
  return found;
}

SignedRequest read_signed_request(const http::HttpRequest& request) {
  const Parameters parameters = read_parameters(only_header(request, "authorization").value_or(""));
  SignedRequest result;
  read_credential(*parameters.credential, result);
  result.signed_headers = read_signed_headers(*parameters.signed_headers);
  const std::string& signature = *parameters.signature;
  if (signature.size() != kSignatureDigits ||
      signature.find_first_not_of("0123456789abcdef") != std::string::npos) {
    incomplete("Signature must be 64 lower-case hexadecimal digits.");
  }
  result.signature = ca::from_hex(signature);
  const std::string_view time_header = read_time(request, result);

  for (const std::string& name : result.signed_headers) {
    if (std::none_of(request.headers.begin(), request.headers.end(),
                     [&name](const auto& header) { return ca::ascii_lower(header.first) == name; })) {
      incomplete("SignedHeaders names '" + name + "', which the request does not have.");
    }
  }
  require_signed(result, "host", "Host");
  require_signed(result, time_header, time_header == "date" ? "Date" : "X-Amz-Date");
  if (only_header(request, "x-amz-target")) {
    require_signed(result, "x-amz-target", "X-Amz-Target");
  }
  if (only_header(request, "x-amz-security-token")) {
    require_signed(result, "x-amz-security-token", "X-Amz-Security-Token");
  }
  return result;
}

bool has_query_authentication(std::string_view query) {
  static constexpr std::array<std::string_view, 4> kNames = {"x-amz-algorithm", "x-amz-credential",
                                                             "x-amz-signature", "x-amz-security-token"};
  // The canonical form undoes percent-encoding, which could hide a name.
  for (const std::string& parameter : ca::split(ca::sigv4::canonical_query(query), '&')) {
    const std::string name = ca::ascii_lower(parameter.substr(0, parameter.find('=')));
    if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) {
      return true;
    }
  }
  return false;
}

std::string basic_iso8601(ca::Seconds time) {
  std::string text = ca::rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace auth
