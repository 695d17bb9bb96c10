#include "ca/revocation/budget.hpp"

#include <algorithm>

namespace ca {

bool Budget::take(Time now) {
  const std::lock_guard lock{mutex_};
  if (now > at_) {
    const double passed = std::chrono::duration<double>(now - at_).count();
    left_ = std::min(per_second_, left_ + passed * per_second_);
    at_ = now;
  }
  if (left_ < 1) {
    return false;
  }
  left_ -= 1;
  return true;
}

}  // namespace ca
