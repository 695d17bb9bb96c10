#include "daemon/s3/s3_bucket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "ca/storage/descriptor.hpp"

namespace s3 {

using ca::Code;
using ca::Error;

// A file that no folder lists: whatever ends the process leaves nothing.
class S3Bucket::Spool : public ca::Bucket::Upload {
 public:
  Spool(S3Bucket& bucket, std::string key, std::string content_type)
      : bucket_{bucket}, key_{std::move(key)}, content_type_{std::move(content_type)} {
    std::string name = (bucket.options_.spool / ".upload-XXXXXX").string();
    file_ = ca::Descriptor{::mkostemp(name.data(), O_CLOEXEC)};
    if (!file_ || ::unlink(name.c_str()) != 0) {
      ca::fail_file("open", name);
    }
  }

  void write(std::string_view text) override {
    if (size_ + text.size() > kMaxObject) {
      throw Error{Code::payload_too_large, bucket_.words("PUT", key_) + ": an object has at most 5 GiB"};
    }
    size_ += text.size();
    digest_.update(ca::bytes_of(text));
    ca::write_all(file_, ca::bytes_of(text), bucket_.options_.spool);
  }
  ca::Sha256 keep() override {
    const ca::Sha256 digest = digest_.finish();
    bucket_.send(key_, content_type_,
                 {size_, [this](std::uint64_t offset, std::span<char> into) { return read(offset, into); }},
                 digest);
    return digest;
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  [[nodiscard]] std::size_t read(std::uint64_t offset, std::span<char> into) const {
    ssize_t got = 0;
    do {
      got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      ca::fail_file("read", bucket_.options_.spool);
    }
    return static_cast<std::size_t>(got);
  }

  S3Bucket& bucket_;
  const std::string key_;
  const std::string content_type_;
  ca::Descriptor file_;
  std::uint64_t size_ = 0;
  ca::Sha256Stream digest_;
};

S3Bucket::S3Bucket(S3BucketOptions options, const ca::Clock& clock)
    : options_{std::move(options)}, clock_{clock} {}

std::unique_ptr<ca::Bucket::Upload> S3Bucket::begin(const std::string& key, const std::string& content_type) {
  ca::check_key(key);
  return std::make_unique<Spool>(*this, key, content_type);
}

void S3Bucket::put(const std::string& key, ca::ByteView contents, const std::string& content_type) {
  ca::check_key(key);
  send(key, content_type, http_client::body_of(contents), ca::sha256(contents));
}

void S3Bucket::send(const std::string& key, const std::string& content_type, const http_client::Body& body,
                    const ca::Sha256& digest) {
  const std::string what = words("PUT", key);
  const SignedRequest request =
      signed_now({.method = "PUT", .key = key, .content_type = content_type, .payload = digest});
  const Answer answer =
      http_client::transfer(options_.transfer, what, request, body, http_client::kMaxErrorBody);
  if (answer.status != 200) {
    throw error_of(what, answer);
  }
  // A page for people, of a proxy for example, comes with 200 as well.
  if (answer.header("etag").empty()) {
    throw Error{Code::unavailable, what + ": the server answered 200 without an ETag: it is not one of S3"};
  }
}

std::optional<ca::Bytes> S3Bucket::get(const std::string& key, std::size_t max_bytes) {
  ca::check_key(key);
  const std::string what = words("GET", key);
  const SignedRequest request =
      signed_now({.method = "GET", .key = key, .content_type = "", .payload = ca::sha256({})});
  Answer answer = http_client::transfer(options_.transfer, what, request, std::nullopt, max_bytes);
  if (says_no_such_key(answer)) {
    return std::nullopt;
  }
  if (answer.status != 200) {
    throw error_of(what, answer);
  }
  if (answer.body_too_large) {
    throw Error{Code::payload_too_large, what + ": it has more than " + std::to_string(max_bytes) + " bytes"};
  }
  return std::move(answer.body);
}

SignedRequest S3Bucket::signed_now(const RequestToSign& request) const {
  return signed_request(options_.location, request, ca::to_seconds(clock_.now()), options_.access_key_id,
                        *options_.secret());
}

std::string S3Bucket::words(const char* what, const std::string& key) const {
  return std::string{what} + " " + key + " in the bucket " + options_.name + " at " +
         options_.location.endpoint;
}

}  // namespace s3
