#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ca/base/bytes.hpp"
#include "ca/base/clock.hpp"

namespace ca {

// Questions about serials that an authority never gave: how a certificate shows that was made behind its
// back, among those of scanners. Of each interval the first serials are kept, and of one sender at most as
// many as then are free, so that whoever goes through serials hides only what he sends himself. Thread-safe,
// bounded.
class UnissuedSerials {
 public:
  static constexpr std::size_t kMaxSerials = 8;

  void note(ByteView serial, const std::string& sender);
  // What was noted since the last telling, in words; nullopt when that was less than `interval` ago, or when
  // there is nothing.
  [[nodiscard]] std::optional<std::string> tell(TimePoint now, std::chrono::seconds interval);
  // Questions since the start.
  [[nodiscard]] std::uint64_t total() const;

 private:
  struct Seen {
    std::uint64_t questions = 0;
    std::string sender;  // of the first
  };
  [[nodiscard]] bool has_place(const std::string& sender) const;

  mutable std::mutex mutex_;
  std::uint64_t total_ = 0;
  std::map<std::string, Seen> seen_;  // by the serial's hex digits
  std::uint64_t others_ = 0;          // questions about serials that are not in seen_
  std::optional<TimePoint> told_at_;
};

}  // namespace ca
