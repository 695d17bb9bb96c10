#pragma once
#include <string>
#include <string_view>

#include "daemon/http/router.hpp"

namespace net {

struct ResponseFraming {
  std::string request_id;
  bool close = false;
};

// Status line and header fields with the empty line; the body follows as it is when may_have_body. Control
// characters in header values are replaced, so that no value can split a response; a handler's own framing
// headers are left out.
[[nodiscard]] std::string response_head(const http::HttpResponse& response, const ResponseFraming& framing);

// Not for HEAD, 204 and 304 (RFC 9112, 6.3).
[[nodiscard]] bool may_have_body(std::string_view method, int status);

// application/problem+json (RFC 9457) for errors that arise before a protocol sees the request.
[[nodiscard]] http::HttpResponse problem(int status, const std::string& detail);

// There is no room for the request (503), or its sender has used up its share (429): in the words of the
// route, else as a problem document with Retry-After.
[[nodiscard]] http::HttpResponse not_now(int status, const http::Handler& in_words_of_route,
                                         const http::HttpRequest& request, const std::string& cause);

[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace net
