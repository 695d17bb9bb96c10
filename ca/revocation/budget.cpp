#include "ca/revocation/budget.hpp"

#include <algorithm>

namespace ca {

Budget::Budget(double per_second, double part_of_sender)
    : by_sender_{per_second * part_of_sender, std::max(per_second * part_of_sender, 1.0)},
      all_{per_second, per_second} {}

// The sender's first: one that has used up its own takes nothing from the others.
bool Budget::take(const std::string& sender, RateLimit::Time now) {
  return by_sender_.admit(sender, now) && all_.admit("", now);
}

}  // namespace ca
