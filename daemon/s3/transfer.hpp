#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "daemon/s3/answer.hpp"
#include "daemon/s3/signed_request.hpp"

namespace s3 {

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

// One request on a connection of its own; any status is an answer, redirections are not followed. `max_body`
// bounds the body of a 200, kMaxErrorBody that of any other. Ends within `timeout` and a second for each
// kSlowest bytes of both bodies. Certificates of https are always verified. A proxy is taken from the usual
// variables of the environment. Throws Code::unavailable, `what` first. Thread-safe.
[[nodiscard]] Answer transfer(const TransferOptions& options, const std::string& what,
                              const SignedRequest& request, const std::optional<Body>& body,
                              std::size_t max_body);

}  // namespace s3
