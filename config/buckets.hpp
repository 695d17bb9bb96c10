#pragma once
#include <vector>

#include "config/document.hpp"
#include "config/options.hpp"

namespace config {

// One entry of `buckets`. `spool` is where uploads wait unless the entry says another place.
void read_bucket(Mapping& map, const Path& spool, std::vector<BucketOptions>& buckets);

}  // namespace config
