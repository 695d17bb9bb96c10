#include <algorithm>
#include <string>
#include <string_view>

#include "daemon/net/chunked_body.hpp"
#include "daemon/net/request_head.hpp"
#include "tests/fuzz/property.hpp"

namespace {

constexpr std::size_t kMaxBody = 1000;

struct Outcome {
  int refused = 0;  // status
  bool complete = false;
  std::string body;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read_body(std::string_view wire, std::size_t part) {
  net::ChunkedBody chunks{kMaxBody};
  Outcome outcome;
  std::string received;
  try {
    for (std::size_t at = 0; at < wire.size(); at += part) {
      received += wire.substr(at, part);
      received.erase(0, chunks.read(received));
    }
  } catch (const net::BadRequest& bad) {
    outcome.refused = bad.status();
  }
  outcome.complete = chunks.complete();
  outcome.body = chunks.body();
  return outcome;
}

void check_head(const net::RequestHead& head, std::string_view text, const net::HeadBounds& bounds) {
  require(head.path.starts_with('/') && head.target.starts_with(head.path), "a target is a path");
  require(head.target.size() <= bounds.target_bytes && head.headers.size() <= bounds.fields,
          "a head is bounded");
  require(!head.chunked || head.content_length == 0, "a body has one framing");
  require(!net::hopeless(text, 0), "what can be read was not hopeless");
  std::string written =
      head.method + " " + head.target + " HTTP/1." + std::to_string(head.minor_version) + "\r\n";
  for (const auto& [name, value] : head.headers) {
    require(value.find_first_of("\r\n") == std::string::npos, "a value is one line");
    written += name + ":" + value + "\r\n";
  }
  const auto again = net::parse_head(written + "\r\n", bounds);
  require(again.target == head.target && again.headers == head.headers,
          "a head reads alike when written again");
}

}  // namespace

// Input: what a connection receives, a head and the chunks of a body. A head is read or refused with a
// status, and a body is the same however its bytes arrive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kHeadEnd = "\r\n\r\n";
  const std::string_view received{reinterpret_cast<const char*>(data), size};
  (void)net::hopeless(received, size / 2);
  const auto end = received.find(kHeadEnd);
  if (end == std::string_view::npos) {
    return 0;
  }
  const std::string_view text = received.substr(0, end + kHeadEnd.size());
  try {
    const net::HeadBounds bounds;
    const auto head = net::parse_head(text, bounds);
    check_head(head, text, bounds);
  } catch (const net::BadRequest& bad) {
    const int status = bad.status();
    require(status == 400 || status == 414 || status == 417 || status == 431 || status == 505,
            "a refusal is known");
  }
  const std::string_view body = received.substr(text.size());
  const auto whole = read_body(body, std::max<std::size_t>(body.size(), 1));
  require(whole.body.size() <= kMaxBody, "a body is bounded");
  require(read_body(body, 1) == whole && read_body(body, 7) == whole, "a body does not depend on its pieces");
  return 0;
}
