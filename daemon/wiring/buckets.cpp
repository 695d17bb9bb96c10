#include "daemon/wiring/buckets.hpp"

#include "ca/storage/directory_bucket.hpp"
#include "daemon/s3/s3_bucket.hpp"
#include "daemon/wiring/secret_file.hpp"

namespace wiring {
namespace {

s3::S3BucketOptions s3_options(const config::BucketOptions& bucket, const std::function<bool()>& is_ending) {
  const config::S3Options& from = bucket.s3.value();
  return {.name = bucket.name,
          .url = bucket.url,
          .location = {.endpoint = from.endpoint,
                       .region = from.region,
                       .bucket = from.bucket,
                       .path_style = from.path_style},
          .access_key_id = from.access_key_id,
          .secret = [file = from.secret_access_key] { return read_secret(file); },
          .spool = from.spool,
          .transfer = {.ca_bundle = from.ca_bundle, .timeout = from.timeout, .is_ending = is_ending}};
}

}  // namespace

ca::Buckets make_buckets(const config::Options& options, const ca::Clock& clock,
                         const std::function<bool()>& is_ending) {
  ca::Buckets buckets;
  for (const config::BucketOptions& from : options.buckets) {
    if (from.s3) {
      buckets.push_back(std::make_shared<s3::S3Bucket>(s3_options(from, is_ending), clock));
    } else {
      buckets.push_back(std::make_shared<ca::DirectoryBucket>(
          ca::DirectoryBucketOptions{.name = from.name, .directory = from.directory, .url = from.url}));
    }
  }
  return buckets;
}

}  // namespace wiring
