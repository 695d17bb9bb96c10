#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"

namespace ca {

// A configured place for what others read, CRLs and audit reports: what the AWS API calls an S3 bucket.
// Thread-safe: several objects may be written at once, and of one key the last that ended stays. Every call
// ends within a bounded time. Keys are relative paths: see check_key().
// Errors: Code::unavailable for what may pass; needs_a_person() tells the others. No secret is in any text.
class Bucket {
 public:
  virtual ~Bucket() = default;
  Bucket() = default;
  Bucket(const Bucket&) = delete;
  Bucket& operator=(const Bucket&) = delete;

  // The S3BucketName of the API.
  [[nodiscard]] virtual const std::string& name() const = 0;
  // Under which relying parties read what is put here, without a slash at the end; nullopt when the operator
  // named none.
  [[nodiscard]] virtual std::optional<std::string> url() const = 0;

  // An object that is written in pieces, for what must not be in memory as a whole. For one thread, and not
  // longer than its bucket; given up without a trace when it ends before keep().
  class Upload {
   public:
    virtual ~Upload() = default;
    Upload() = default;
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    virtual void write(std::string_view text) = 0;
    // Once, at the end: whole and durable under its key at return, otherwise the key holds what it held. The
    // digest is that of everything written.
    virtual Sha256 keep() = 0;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
  };
  // `content_type` is a media type, for those that read it over HTTP; a directory has no place for it.
  [[nodiscard]] virtual std::unique_ptr<Upload> begin(const std::string& key,
                                                      const std::string& content_type) = 0;

  // Whole and durable under its key at return, otherwise the key holds what it held; when an answer was lost
  // it may hold either, whole. Repeating it is always right.
  virtual void put(const std::string& key, ByteView contents, const std::string& content_type) = 0;
  // What the key holds now; nullopt: nothing. Code::payload_too_large when it is more than `max_bytes`.
  [[nodiscard]] virtual std::optional<Bytes> get(const std::string& key, std::size_t max_bytes) = 0;
};

using Buckets = std::vector<std::shared_ptr<Bucket>>;

// nullptr: none of that name is configured.
[[nodiscard]] Bucket* find_bucket(const Buckets& buckets, std::string_view name);

// Throws Code::invalid_request unless the key is 1 to 512 of the characters that a CRL's CustomPath may have,
// A-Z a-z 0-9 - ; ? : @ & = + $ , % _ . ! ~ * ( ) ' and /, and no part between slashes is empty or begins
// with a dot.
void check_key(std::string_view key);

// Whether repeating the call is of no use before somebody has changed a right, a credential, a path or a
// configuration: Code::access_denied, resource_not_found, invalid_request, payload_too_large.
[[nodiscard]] bool needs_a_person(const Error& error);

}  // namespace ca
