#include "config/buckets.hpp"

#include <system_error>
#include <unistd.h>

#include "config/secret_file.hpp"

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

void check_folder(Mapping& map, std::string_view key, const Path& folder) {
  std::error_code ignored;
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
    map.problem(key, "no such folder: " + folder.string());
  } else if (!folder.empty() && ::access(folder.c_str(), W_OK | X_OK) != 0) {
    map.problem(key, folder.string() + " cannot be written by this user");
  }
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

// host[:port]; the host without its port, empty when it is none.
std::string host_of(const std::string& authority) {
  const std::size_t colon = authority.ends_with(']') ? std::string::npos : authority.rfind(':');
  const std::string host = authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? "443" : authority.substr(colon + 1);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  const bool port_fits = !port.empty() && port.size() <= 5 &&
                         port.find_first_not_of("0123456789") == std::string::npos && std::stoi(port) > 0 &&
                         std::stoi(port) <= 65535;
  const bool host_fits =
      !host.empty() && host.size() <= 253 &&
      (is_bracketed ? host.find_first_not_of("0123456789abcdefABCDEF:.[]") == std::string::npos
                    : host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos);
  return port_fits && host_fits ? host : std::string{};
}

// A signature is no secret, but subjects and whoever answers are: over plain http only on this machine, or
// where the operator says that the network is safe.
void read_endpoint(Mapping& map, std::string& endpoint) {
  map.text("endpoint", endpoint, Presence::required);
  bool plain_allowed = false;
  map.boolean("allow_plain_http", plain_allowed);
  if (endpoint.empty()) {
    return;
  }
  const bool is_plain = endpoint.starts_with("http://");
  const bool is_secure = endpoint.starts_with("https://");
  const std::string host =
      is_plain || is_secure ? host_of(endpoint.substr(endpoint.find("://") + 3)) : std::string{};
  if (host.empty()) {
    map.problem("endpoint", "expected https://host[:port] in lower case, nothing after it");
  } else if (is_plain && !plain_allowed && !is_loopback(host)) {
    map.problem("endpoint", "plain http leaves this machine: use https, or set allow_plain_http");
  }
}

void read_credentials(Mapping& map, S3Options& s3) {
  map.text("access_key_id", s3.access_key_id, Presence::required);
  if (s3.access_key_id.size() > 128 ||
      s3.access_key_id.find_first_not_of(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") != std::string::npos) {
    map.problem("access_key_id", "expected at most 128 letters, digits, _ - and .");
  }
  map.path("secret_access_key_file", s3.secret_access_key, Presence::required);
  if (!s3.secret_access_key.empty()) {
    if (const std::string fault = secret_file_fault(s3.secret_access_key); !fault.empty()) {
      map.problem("secret_access_key_file", fault);
    }
  }
}

void read_s3(Mapping& map, const std::string& name, const Path& spool, S3Options& s3) {
  read_endpoint(map, s3.endpoint);
  map.text("region", s3.region);
  if (s3.region.empty() || s3.region.size() > 64 ||
      s3.region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    map.problem("region", "expected a region such as us-east-1");
  }
  s3.bucket = name;
  map.text("bucket", s3.bucket);
  if (map.has("bucket") && !is_bucket_name(s3.bucket)) {
    map.problem("bucket", "expected the name of an S3 bucket: 3 to 63 of a-z 0-9 - .");
  }
  read_credentials(map, s3);
  map.path("ca_bundle", s3.ca_bundle);
  std::error_code ignored;
  if (s3.ca_bundle && !std::filesystem::is_regular_file(*s3.ca_bundle, ignored)) {
    map.problem("ca_bundle", "no such file: " + s3.ca_bundle->string());
  }
  map.boolean("path_style", s3.path_style);
  if (!s3.path_style && s3.bucket.find('.') != std::string::npos && s3.endpoint.starts_with("https:")) {
    map.problem("path_style",
                "must be true: no certificate is for a bucket's name with dots before the host");
  }
  map.duration("timeout", s3.timeout, {std::chrono::seconds{1}, std::chrono::minutes{10}});
  s3.spool = spool;
  map.path("spool", s3.spool);
  if (map.has("spool")) {
    check_folder(map, "spool", s3.spool);
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

void read_bucket(Mapping& map, const Path& spool, std::vector<BucketOptions>& buckets) {
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
  map.path("directory", bucket.directory);
  check_folder(map, "directory", bucket.directory);
  map.child("s3", [&](Mapping& s3) { read_s3(s3, bucket.name, spool, bucket.s3.emplace()); });
  if (map.has("directory") == map.has("s3")) {
    map.problem("name", "a bucket has either a directory or s3");
  }
  read_url(map, bucket.url);
  buckets.push_back(std::move(bucket));
}

}  // namespace config
