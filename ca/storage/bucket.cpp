#include "ca/storage/bucket.hpp"

#include <algorithm>

#include "ca/base/strings.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxKey = 512;  // S3 takes 1024, with the bucket's own prefix

bool is_plain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view{"-;?:@&=+$,%_.!~*()'/"}.find(c) != std::string_view::npos;
}

}  // namespace

Bucket* find_bucket(const Buckets& buckets, std::string_view name) {
  const auto found = std::find_if(buckets.begin(), buckets.end(),
                                  [&](const auto& bucket) { return bucket->name() == name; });
  return found == buckets.end() ? nullptr : found->get();
}

void check_key(std::string_view key) {
  bool fits = !key.empty() && key.size() <= kMaxKey && std::all_of(key.begin(), key.end(), is_plain);
  for (const std::string& part : split(key, '/')) {
    fits = fits && !part.empty() && part.front() != '.';
  }
  if (!fits) {
    throw Error{Code::invalid_request,
                "a key in a bucket is 1 to 512 of A-Z a-z 0-9 / and -;?:@&=+$,%_.!~*()' with no part that is "
                "empty or begins with a dot"};
  }
}

bool needs_a_person(const Error& error) {
  const Code code = error.code();
  return code == Code::access_denied || code == Code::resource_not_found || code == Code::invalid_request ||
         code == Code::payload_too_large;
}

}  // namespace ca
