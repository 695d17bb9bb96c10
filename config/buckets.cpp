#include "config/buckets.hpp"

#include <system_error>
#include <unistd.h>

namespace config {
namespace {

using Presence = Mapping::Presence;

constexpr std::size_t kMaxUrl = 200;  // a certificate's distribution point also has the CRL's key

// As S3 names buckets: clients check that before they send.
bool is_bucket_name(const std::string& text) {
  const auto is_edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return text.size() >= 3 && text.size() <= 63 && is_edge(text.front()) && is_edge(text.back()) &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos &&
         text.find("..") == std::string::npos && text.find_first_not_of("0123456789.") != std::string::npos;
}

// Who checks a CRL's distribution point over https would need the answer to that first (RFC 5280, 8).
bool is_base_url(const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  const std::string rest = text.starts_with(kScheme) ? text.substr(kScheme.size()) : std::string{};
  return text.size() <= kMaxUrl && !rest.empty() && rest.front() != '/' && rest.back() != '/' &&
         rest.find("//") == std::string::npos &&
         rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/[]") ==
             std::string::npos;
}

void read_directory(Mapping& map, Path& directory) {
  map.path("directory", directory, Presence::required);
  std::error_code ignored;
  if (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    map.problem("directory", "no such folder: " + directory.string());
  } else if (!directory.empty() && ::access(directory.c_str(), W_OK | X_OK) != 0) {
    map.problem("directory", directory.string() + " cannot be written by this user");
  }
}

void read_url(Mapping& map, std::optional<std::string>& target) {
  std::string url;
  map.text("url", url);
  if (url.empty()) {
    return;
  }
  if (!is_base_url(url)) {
    map.problem("url", "expected http://host[:port][/path] of at most 200 characters, no slash at the end");
  }
  target = url;
}

}  // namespace

void read_bucket(Mapping& map, std::vector<BucketOptions>& buckets) {
  BucketOptions bucket;
  map.text("name", bucket.name, Presence::required);
  if (!bucket.name.empty() && !is_bucket_name(bucket.name)) {
    map.problem("name", "expected the name of an S3 bucket: 3 to 63 of a-z 0-9 - .");
  }
  for (const BucketOptions& other : buckets) {
    if (!bucket.name.empty() && other.name == bucket.name) {
      map.problem("name", "another bucket has this name");
    }
  }
  read_directory(map, bucket.directory);
  read_url(map, bucket.url);
  buckets.push_back(std::move(bucket));
}

}  // namespace config
