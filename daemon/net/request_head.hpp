#pragma once
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace net {

// The head of an HTTP/1.x request, read strictly: what two readers could understand in two ways is refused,
// so that no request can hide in another (RFC 9112, 11.2).
struct RequestHead {
  std::string method;
  std::string target;
  std::string path;
  std::string query;
  int minor_version = 1;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t content_length = 0;
  bool chunked = false;  // the body comes in chunks; content_length is then 0
  bool keep_alive = true;
  bool expects_continue = false;
};

struct HeadBounds {
  std::size_t fields = 64;
  std::size_t target_bytes = 8192;
};

// The request cannot be served and the connection must be closed after the answer.
class BadRequest : public std::runtime_error {
 public:
  BadRequest(int status, const std::string& detail) : std::runtime_error{detail}, status_{status} {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

// `head` ends with the empty line (CRLF CRLF). Accepted: HTTP/1.1 and 1.0, a target that is a path, exactly
// one Host on 1.1, at most one Content-Length of digits, or on 1.1 without it one Transfer-Encoding that is
// exactly `chunked`; no folded lines, no control characters. Throws BadRequest: 400 (malformed or ambiguous),
// 414, 417, 431, 505. What the body may have is for the route to say.
[[nodiscard]] RequestHead parse_head(std::string_view head, const HeadBounds& bounds);

// Whether what was received so far, from byte `from` on, can never become a head: control characters (a TLS
// hello on a plain port), a bare CR or a bare LF. Saves the wait for an end that will not come.
[[nodiscard]] bool hopeless(std::string_view received, std::size_t from);

}  // namespace net
