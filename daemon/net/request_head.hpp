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
  bool keep_alive = true;
  bool expects_continue = false;
};

struct HeadBounds {
  std::size_t fields = 64;
  std::size_t target_bytes = 8192;
  std::size_t body_bytes = 65536;
};

// The request cannot be served and the connection must be closed after the answer.
class BadHead : public std::runtime_error {
 public:
  BadHead(int status, const std::string& detail) : std::runtime_error{detail}, status_{status} {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

// `head` ends with the empty line (CRLF CRLF). Throws BadHead: 400 (malformed or ambiguous), 411 (chunked:
// every client that we serve sends Content-Length), 413, 417, 431, 505.
[[nodiscard]] RequestHead parse_head(std::string_view head, const HeadBounds& bounds);

// Bytes that no head can begin with: control characters, as in a TLS hello on a plain port.
[[nodiscard]] bool hopeless(std::string_view received);

}  // namespace net
