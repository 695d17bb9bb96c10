#include "ca/base/sigv4.hpp"

#include <algorithm>
#include <openssl/crypto.h>

#include "ca/base/hex.hpp"
#include "ca/base/strings.hpp"

namespace ca::sigv4 {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
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

std::string unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        plain.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    plain.push_back(text[i]);
  }
  return plain;
}

std::string joined(const std::vector<std::string>& parts, char separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) {
      text.push_back(separator);
    }
    text += part;
  }
  return text;
}

bool same_name(std::string_view lower, std::string_view name) {
  return std::equal(lower.begin(), lower.end(), name.begin(), name.end(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
  });
}

// Repeated headers are joined in the order received.
std::string header_line(const Request& request, const std::string& name) {
  std::string line = name + ':';
  bool first = true;
  for (const auto& [header_name, value] : request.headers) {
    if (same_name(name, header_name)) {
      if (!first) {
        line.push_back(',');
      }
      line += canonical_header_value(value);
      first = false;
    }
  }
  line.push_back('\n');
  return line;
}

}  // namespace

std::string Scope::text() const {
  return date + '/' + region + '/' + service + '/' + std::string{kTerminator};
}

std::string escaped(std::string_view text, std::string_view also_safe) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || also_safe.find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(kUpperHex[byte >> 4U]);
      encoded.push_back(kUpperHex[byte & 15U]);
    }
  }
  return encoded;
}

std::string canonical_path(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& segment : split(path, '/')) {
    if (segment == "..") {
      if (!kept.empty()) {
        kept.pop_back();
      }
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(std::move(segment));
    }
  }
  std::string normal = '/' + joined(kept, '/');
  if (!kept.empty() && path.ends_with('/')) {
    normal.push_back('/');
  }
  return escaped(normal, "/");
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string& parameter : split(query, '&')) {
    if (parameter.empty()) {
      continue;
    }
    const std::size_t equals = parameter.find('=');
    const std::string_view view{parameter};
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : view.substr(equals + 1);
    parameters.emplace_back(escaped(unescaped(view.substr(0, equals))), escaped(unescaped(value)));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    if (!canonical.empty()) {
      canonical.push_back('&');
    }
    canonical += name + '=' + value;
  }
  return canonical;
}

std::string canonical_header_value(std::string_view value) {
  std::string canonical;
  canonical.reserve(value.size());
  bool gap = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      gap = true;
      continue;
    }
    if (gap && !canonical.empty()) {
      canonical.push_back(' ');
    }
    gap = false;
    canonical.push_back(c);
  }
  return canonical;
}

std::string canonical_request(const Request& request) {
  std::string text{request.method};
  text.push_back('\n');
  text += request.path_rule == PathRule::as_it_is ? std::string{request.path} : canonical_path(request.path);
  text += '\n' + canonical_query(request.query) + '\n';
  for (const std::string& name : request.signed_headers) {
    text += header_line(request, name);
  }
  text += '\n' + joined(request.signed_headers, ';') + '\n';
  text += request.payload_hash;
  return text;
}

std::string string_to_sign(std::string_view time, const Scope& scope, std::string_view canonical_request) {
  std::string text{kAlgorithm};
  text.push_back('\n');
  text += time;
  text += '\n' + scope.text() + '\n' + to_hex(sha256(bytes_of(canonical_request)));
  return text;
}

SecretBytes signing_key(ByteView secret, const Scope& scope) {
  static constexpr std::string_view kPrefix = "AWS4";
  Bytes first(kPrefix.size() + secret.size());
  std::copy(secret.begin(), secret.end(), std::copy(kPrefix.begin(), kPrefix.end(), first.begin()));
  Sha256 key = hmac_sha256(first, bytes_of(scope.date));
  OPENSSL_cleanse(first.data(), first.size());
  for (const std::string_view part :
       {std::string_view{scope.region}, std::string_view{scope.service}, kTerminator}) {
    Sha256 next = hmac_sha256(key, bytes_of(part));
    key = next;
    OPENSSL_cleanse(next.data(), next.size());
  }
  SecretBytes locked{key};
  OPENSSL_cleanse(key.data(), key.size());
  return locked;
}

Sha256 signature(const SecretBytes& signing_key, std::string_view string_to_sign) {
  return hmac_sha256(signing_key.view(), bytes_of(string_to_sign));
}

std::string authorization(std::string_view access_key_id, const Scope& scope,
                          const std::vector<std::string>& signed_headers, const Sha256& signature) {
  std::string value{kAlgorithm};
  value += " Credential=";
  value += access_key_id;
  value += '/' + scope.text() + ", SignedHeaders=" + joined(signed_headers, ';') +
           ", Signature=" + to_hex(signature);
  return value;
}

}  // namespace ca::sigv4
