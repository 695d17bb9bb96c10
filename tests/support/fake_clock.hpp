#pragma once
#include <atomic>

#include "ca/base/clock.hpp"

namespace test {

// A clock that only the test moves. Starts at 2026-11-24T12:00:00Z.
class FakeClock final : public ca::Clock {
 public:
  [[nodiscard]] ca::TimePoint now() const override {
    return ca::TimePoint{std::chrono::milliseconds{now_ms_.load()}};
  }
  void advance(std::chrono::milliseconds by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_{1795521600000};
};

}  // namespace test
