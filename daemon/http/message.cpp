#include "daemon/http/message.hpp"

#include "ca/base/strings.hpp"

namespace http {

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  const std::string wanted = ca::ascii_lower(name);
  for (const auto& [key, value] : headers) {
    if (ca::ascii_lower(key) == wanted) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace http
