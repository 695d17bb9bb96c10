#include "daemon/sts/form.hpp"

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace sts {
namespace {

using ca::Code;
using ca::Error;

constexpr std::size_t kMaxParameters = 64;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i] == '+' ? ' ' : text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        throw Error{Code::malformed_request, "a '%' without two hexadecimal digits in the parameters"};
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F) {
      throw Error{Code::malformed_request, "a control character in the parameters"};
    }
    out += c;
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> parse_form(std::string_view body) {
  std::map<std::string, std::string> parameters;
  if (body.empty()) {
    return parameters;
  }
  for (const std::string& pair : ca::split(body, '&')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error{Code::malformed_request, "the parameters must have the form name=value&name=value"};
    }
    const bool fresh =
        parameters.try_emplace(decoded(pair.substr(0, equals)), decoded(pair.substr(equals + 1))).second;
    if (!fresh) {
      throw Error{Code::malformed_request, "a parameter is given twice"};
    }
    if (parameters.size() > kMaxParameters) {
      throw Error{Code::malformed_request, "more than 64 parameters"};
    }
  }
  return parameters;
}

}  // namespace sts
