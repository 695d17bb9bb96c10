#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace ca {

// Token buckets by share, which says who asks: `burst` requests at once, `per_second` over time. Those whose
// bucket is full again are forgotten; more than kMaxBuckets that are not share one. Thread-safe, never waits.
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kMaxBuckets = 16384;

  RateLimit(double per_second, double burst) : per_second_{per_second}, burst_{burst} {}
  // False when the share has used what it has; then nothing is taken.
  [[nodiscard]] bool admit(const std::string& share, Time now);

 private:
  struct Bucket {
    double left;
    Time at;
  };
  [[nodiscard]] Bucket& bucket_of(const std::string& share, Time now);
  [[nodiscard]] double left_in(const Bucket& bucket, Time now) const;

  const double per_second_;
  const double burst_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
  Time swept_{};
};

}  // namespace ca
