#pragma once
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>

#include "ca/storage/bucket.hpp"

namespace ca {

struct DirectoryBucketOptions {
  std::string name;
  std::filesystem::path directory;  // absolute
  std::optional<std::string> url;
};

// A bucket that is a folder; a key is the path of a file in it. An object appears by rename, after it and
// before its folder is synchronized. Folders below are made as needed; the folder itself is not: where a file
// system is not mounted nothing is written. The folder may be reached through symbolic links, nothing below
// it is: whoever may write below it leads the daemon nowhere else.
// What is put into a bucket with a url can be read by everybody, otherwise by the daemon's user and group;
// the umask changes neither.
class DirectoryBucket : public Bucket {
 public:
  explicit DirectoryBucket(DirectoryBucketOptions options) : options_{std::move(options)} {}

  [[nodiscard]] const std::string& name() const override { return options_.name; }
  [[nodiscard]] std::optional<std::string> url() const override { return options_.url; }
  [[nodiscard]] std::unique_ptr<Upload> begin(const std::string& key,
                                              const std::string& content_type) override;
  void put(const std::string& key, ByteView contents, const std::string& content_type) override;
  [[nodiscard]] std::optional<Bytes> get(const std::string& key, std::size_t max_bytes) override;

 private:
  class File;
  void claim(const std::string& key);
  void release(const std::string& key);

  const DirectoryBucketOptions options_;
  std::mutex mutex_;
  std::condition_variable released_;
  std::set<std::string> written_;  // keys that are being written: one at a time
};

}  // namespace ca
