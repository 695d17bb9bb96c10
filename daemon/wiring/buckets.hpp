#pragma once
#include <functional>

#include "ca/base/clock.hpp"
#include "ca/storage/bucket.hpp"
#include "config/options.hpp"

namespace wiring {

// The configured buckets. Touches none of them. `is_ending` ends transfers to servers within about a second.
[[nodiscard]] ca::Buckets make_buckets(const config::Options& options, const ca::Clock& clock,
                                       const std::function<bool()>& is_ending);

}  // namespace wiring
