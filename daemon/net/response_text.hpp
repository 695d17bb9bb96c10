#pragma once
#include <string>
#include <string_view>

#include "daemon/http/message.hpp"

namespace net {

struct ResponseFraming {
  std::string request_id;
  bool close = false;
  bool head_only = false;  // HEAD: Content-Length of the body that is left out
};

// The bytes on the wire. Control characters in header values are replaced, so that no value can split a
// response.
[[nodiscard]] std::string serialize(const http::HttpResponse& response, const ResponseFraming& framing);

// application/problem+json (RFC 9457) for errors that arise before a protocol sees the request.
[[nodiscard]] http::HttpResponse problem(int status, const std::string& detail);

[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace net
