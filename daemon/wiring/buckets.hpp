#pragma once
#include "ca/storage/bucket.hpp"
#include "config/options.hpp"

namespace wiring {

// The configured buckets. Touches none of them.
[[nodiscard]] ca::Buckets make_buckets(const config::Options& options);

}  // namespace wiring
