#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace net {

// A body in chunks (RFC 9112, 7.1), read strictly: one to eight hex digits, CRLF, the bytes, CRLF; no chunk
// extensions, no trailer fields. One body per object.
class ChunkedBody {
 public:
  explicit ChunkedBody(std::size_t max_bytes) : max_bytes_{max_bytes} {}

  // Reads on and returns how many bytes were used; what is left must come again, with more behind it. Throws
  // BadRequest: 400, or 413 as soon as a chunk says that it goes over max_bytes.
  [[nodiscard]] std::size_t read(std::string_view received);
  [[nodiscard]] bool complete() const { return state_ == State::complete; }
  [[nodiscard]] std::string& body() { return body_; }

 private:
  enum class State { size, bytes, bytes_end, end, complete };
  [[nodiscard]] std::size_t step(std::string_view received);
  [[nodiscard]] std::size_t read_size(std::string_view received);
  [[nodiscard]] std::size_t read_line_end(std::string_view received, State next);

  std::size_t max_bytes_;
  State state_ = State::size;
  std::size_t left_ = 0;  // of the current chunk
  std::string body_;
};

}  // namespace net
