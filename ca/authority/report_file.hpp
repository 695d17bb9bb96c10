#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "ca/base/digest.hpp"

namespace ca {

// A file that appears under its name whole and durable, or not at all: it is written beside its place and
// renamed. Replaces an earlier one of that name. Throws std::system_error.
class ReportFile {
 public:
  // `key` is a relative path inside `directory`; its folders are made, `directory` itself is not: where a
  // file system is not mounted nothing is written.
  ReportFile(const std::filesystem::path& directory, const std::string& key);
  ~ReportFile();  // removes what was not kept
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  void write(std::string_view text);
  // Once, at the end: durable under its name at return. The digest is that of the whole file.
  [[nodiscard]] Sha256 keep();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::filesystem::path place_;
  std::filesystem::path temporary_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  Sha256Stream digest_;
};

// Whether the trouble may be over without anybody's help in changing paths or modes: no space, no memory, no
// descriptors, a device that does not answer.
[[nodiscard]] bool may_pass(const std::error_code& trouble);

}  // namespace ca
