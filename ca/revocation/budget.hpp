#pragma once
#include <chrono>
#include <mutex>

namespace ca {

// How many of something there may be: one second's worth at once, `per_second` over time. Thread-safe, never
// waits.
class Budget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Budget(double per_second) : per_second_{per_second}, left_{per_second} {}
  // False when it is used up; then nothing is taken.
  [[nodiscard]] bool take(Time now);

 private:
  const double per_second_;
  std::mutex mutex_;
  double left_;
  Time at_{};
};

}  // namespace ca
