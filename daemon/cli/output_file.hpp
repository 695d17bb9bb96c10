#pragma once
#include <filesystem>
#include <string_view>
#include <sys/types.h>

namespace cli {

// A file that is replaced in one step, or not at all. The constructor proves that it can be written by
// opening
// `<file>.new` beside it, so a verb that makes something which cannot be made twice opens its output first.
class OutputFile {
 public:
  // Throws Failure naming `file`.
  explicit OutputFile(std::filesystem::path file, mode_t mode = 0644);
  ~OutputFile();  // without write(): leaves `file` as it was
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Once. Content and name are durable at return; with that mode. Throws Failure.
  void write(std::string_view text);

 private:
  std::filesystem::path file_, draft_;
  mode_t mode_;
  int descriptor_ = -1;
};

}  // namespace cli
