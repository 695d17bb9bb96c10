#include "daemon/net/chunked_body.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/net/request_head.hpp"

namespace net {
namespace {

constexpr std::size_t kMaxSizeDigits = 8;
constexpr std::string_view kLineEnd = "\r\n";

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

std::size_t ChunkedBody::read(std::string_view received) {
  std::size_t used = 0;
  while (!complete()) {
    const std::size_t taken = step(received.substr(used));
    if (taken == 0) {
      break;
    }
    used += taken;
  }
  return used;
}

std::size_t ChunkedBody::step(std::string_view received) {
  switch (state_) {
    case State::size:
      return read_size(received);
    case State::bytes: {
      const std::size_t taken = std::min(left_, received.size());
      body_.append(received.substr(0, taken));
      left_ -= taken;
      if (left_ == 0) {
        state_ = State::bytes_end;
      }
      return taken;
    }
    case State::bytes_end:
      return read_line_end(received, State::size);
    case State::end:
      return read_line_end(received, State::complete);
    case State::complete:
      return 0;
  }
  return 0;
}

std::size_t ChunkedBody::read_size(std::string_view received) {
  const auto other = std::find_if_not(received.begin(), received.end(), is_hex);
  const auto digits = static_cast<std::size_t>(other - received.begin());
  const std::string_view rest = received.substr(digits, kLineEnd.size());
  if (digits > kMaxSizeDigits || !kLineEnd.starts_with(rest) || (digits == 0 && !rest.empty())) {
    throw BadRequest{400, "a chunk must begin with its size in hex digits and CR LF, without extensions"};
  }
  if (rest != kLineEnd) {
    return 0;
  }
  std::from_chars(received.data(), received.data() + digits, left_, 16);
  if (left_ > max_bytes_ - body_.size()) {
    throw BadRequest{413, "the body is larger than " + std::to_string(max_bytes_) + " bytes"};
  }
  state_ = left_ == 0 ? State::end : State::bytes;
  return digits + kLineEnd.size();
}

std::size_t ChunkedBody::read_line_end(std::string_view received, State next) {
  const std::string_view end = received.substr(0, kLineEnd.size());
  if (!kLineEnd.starts_with(end)) {
    throw BadRequest{400, next == State::complete ? "trailer fields are not accepted"
                                                  : "a chunk must end with CR LF after its size's bytes"};
  }
  if (end != kLineEnd) {
    return 0;
  }
  state_ = next;
  return kLineEnd.size();
}

}  // namespace net
