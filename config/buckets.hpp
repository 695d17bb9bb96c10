#pragma once
#include <vector>

#include "config/document.hpp"
#include "config/options.hpp"

namespace config {

// One entry of `buckets`.
void read_bucket(Mapping& map, std::vector<BucketOptions>& buckets);

}  // namespace config
