#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ca/base/bytes.hpp"

// Requests to servers elsewhere; libcurl lives here alone.
namespace http_client {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string url;
  Headers headers;  // Host among them, when it is signed
};

// What a server answered. All of it comes from outside.
struct Answer {
  long status = 0;
  Headers headers;  // names in lower case
  ca::Bytes body;
  bool body_too_large = false;  // more than was wanted: `body` is its beginning

  // The last header of that name, which is in lower case; empty: none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// libcurl, ready for as long as this lives. Made before there are threads.
class Library {
 public:
  Library();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

// A body that is sent. Reads from an offset, so that it can be sent again; 0: its end.
struct Body {
  std::uint64_t size = 0;
  std::function<std::size_t(std::uint64_t offset, std::span<char> into)> read;
};
// The bytes must outlive the body.
[[nodiscard]] Body body_of(ca::ByteView bytes);

struct TransferOptions {
  std::optional<std::filesystem::path> ca_bundle;  // only these are trusted; absent: the system's
  // For connection and answer; kSlowest more for each body.
  std::chrono::milliseconds timeout{30'000};
  // Asked about once a second: true ends a transfer.
  std::function<bool()> is_ending;
};

// Bytes a second below which nothing is waited for any longer.
inline constexpr std::uint64_t kSlowest = 256ULL * 1024;
inline constexpr std::size_t kMaxErrorBody = 64ULL * 1024;
inline constexpr std::size_t kMaxAnswerHead = 64ULL * 1024;

// A connection that is opened for the first request and kept for the next ones to the same server. For one
// thread at a time.
class Connection {
 public:
  explicit Connection(TransferOptions options);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // One request; any status is an answer, redirections are not followed. `max_body` bounds the body of a 200,
  // kMaxErrorBody that of any other. Ends within `timeout` and a second for each kSlowest bytes of both
  // bodies. Certificates of https are always verified. A proxy is taken from the usual variables of the
  // environment. Throws Code::unavailable, `what` first.
  [[nodiscard]] Answer exchange(const std::string& what, const Request& request,
                                const std::optional<Body>& body, std::size_t max_body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same on a connection of its own. Thread-safe.
[[nodiscard]] Answer transfer(const TransferOptions& options, const std::string& what, const Request& request,
                              const std::optional<Body>& body, std::size_t max_body);

}  // namespace http_client
