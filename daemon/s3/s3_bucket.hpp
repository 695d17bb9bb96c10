#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "ca/base/clock.hpp"
#include "ca/base/secret_bytes.hpp"
#include "ca/storage/bucket.hpp"
#include "daemon/http_client/transfer.hpp"
#include "daemon/s3/answer.hpp"
#include "daemon/s3/signed_request.hpp"

namespace s3 {

struct S3BucketOptions {
  std::string name;
  std::optional<std::string> url;
  Location location;
  std::string access_key_id;
  // Asked for each request, so that a changed secret holds at once. Throws ca::Error.
  std::function<std::shared_ptr<const ca::SecretBytes>()> secret;
  std::filesystem::path spool;  // folder for what is written in pieces, until it is sent
  http_client::TransferOptions transfer;
};

// A bucket on a server that speaks S3: one PUT for each object. S3 makes an object visible whole or not at
// all, and answers 200 when it is durable; the payload's SHA-256 is signed, so that the server refuses what
// was damaged on the way. An object has at most kMaxObject bytes. What is written in pieces waits in a
// nameless file in `spool`, never in memory.
class S3Bucket : public ca::Bucket {
 public:
  static constexpr std::uint64_t kMaxObject = 5ULL * 1024 * 1024 * 1024;  // S3's own limit for one PUT

  S3Bucket(S3BucketOptions options, const ca::Clock& clock);

  [[nodiscard]] const std::string& name() const override { return options_.name; }
  [[nodiscard]] std::optional<std::string> url() const override { return options_.url; }
  [[nodiscard]] std::unique_ptr<Upload> begin(const std::string& key,
                                              const std::string& content_type) override;
  void put(const std::string& key, ca::ByteView contents, const std::string& content_type) override;
  // Where the access key may not list the bucket, S3 says Code::access_denied of what is absent.
  [[nodiscard]] std::optional<ca::Bytes> get(const std::string& key, std::size_t max_bytes) override;

 private:
  class Spool;
  void send(const std::string& key, const std::string& content_type, const http_client::Body& body,
            const ca::Sha256& digest);
  [[nodiscard]] SignedRequest signed_now(const RequestToSign& request) const;
  [[nodiscard]] std::string words(const char* what, const std::string& key) const;

  const http_client::Library library_;
  const S3BucketOptions options_;
  const ca::Clock& clock_;
};

}  // namespace s3
