#include "daemon/http/message.hpp"

#include <algorithm>

namespace http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) {
      return value;
    }
  }
  return std::nullopt;
}

std::string_view HttpResponse::payload() const {
  if (!shared_body) {
    return body;
  }
  const auto* bytes = reinterpret_cast<const char*>(shared_body->bytes->data());
  return std::string_view{bytes, shared_body->bytes->size()}.substr(shared_body->offset, shared_body->size);
}

}  // namespace http
