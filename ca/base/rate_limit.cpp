#include "ca/base/rate_limit.hpp"

#include <algorithm>

namespace ca {
namespace {

constexpr std::chrono::seconds kSweepPause{1};  // a flood of strangers must not make every request a sweep
constexpr const char* kOverflow = "";

}  // namespace

bool RateLimit::admit(const std::string& share, Time now) {
  const std::lock_guard lock{mutex_};
  Bucket& bucket = bucket_of(share, now);
  bucket.left = left_in(bucket, now);
  bucket.at = now;
  if (bucket.left < 1) {
    return false;
  }
  bucket.left -= 1;
  return true;
}

RateLimit::Bucket& RateLimit::bucket_of(const std::string& share, Time now) {
  const auto known = buckets_.find(share);
  if (known != buckets_.end()) {
    return known->second;
  }
  if (buckets_.size() >= kMaxBuckets && now - swept_ >= kSweepPause) {
    swept_ = now;
    std::erase_if(buckets_, [&](const auto& entry) { return left_in(entry.second, now) >= burst_; });
  }
  const bool room = buckets_.size() < kMaxBuckets;
  return buckets_.try_emplace(room ? share : kOverflow, Bucket{burst_, now}).first->second;
}

double RateLimit::left_in(const Bucket& bucket, Time now) const {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(burst_, bucket.left + std::max(passed, 0.0) * per_second_);
}

}  // namespace ca
