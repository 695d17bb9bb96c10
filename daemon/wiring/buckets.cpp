#include "daemon/wiring/buckets.hpp"

#include "ca/storage/directory_bucket.hpp"

namespace wiring {

ca::Buckets make_buckets(const config::Options& options) {
  ca::Buckets buckets;
  for (const config::BucketOptions& from : options.buckets) {
    buckets.push_back(std::make_shared<ca::DirectoryBucket>(
        ca::DirectoryBucketOptions{.name = from.name, .directory = from.directory, .url = from.url}));
  }
  return buckets;
}

}  // namespace wiring
