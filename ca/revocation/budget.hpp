#pragma once
#include <string>

#include "ca/base/rate_limit.hpp"

namespace ca {

// How many of something there may be: one second's worth at once, `per_second` over time; and of these one
// sender has at most its part, but one at once whatever the part. Thread-safe, never waits.
class Budget {
 public:
  Budget(double per_second, double part_of_sender);
  // False when there are none left, or none for this sender.
  [[nodiscard]] bool take(const std::string& sender, RateLimit::Time now);

 private:
  RateLimit by_sender_;
  RateLimit all_;
};

}  // namespace ca
