#pragma once
#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <unistd.h>

namespace test {

// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : TemporaryFolder{std::filesystem::temp_directory_path()} {}
  // For tests that bring a disk of their own (FaultVfs) and open hundreds of stores: without the waits of a
  // real one.
  [[nodiscard]] static TemporaryFolder in_memory() {
    const std::filesystem::path memory{"/dev/shm"};
    return TemporaryFolder{::access(memory.c_str(), W_OK) == 0 ? memory
                                                               : std::filesystem::temp_directory_path()};
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Where the tests put the store.
  [[nodiscard]] std::string store() const { return (path_ / "ledger.sqlite").string(); }

 private:
  explicit TemporaryFolder(const std::filesystem::path& parent) {
    std::string pattern = (parent / "chancery-ledger-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error{"no temporary folder: " + pattern};
    }
    path_ = pattern;
  }

  std::filesystem::path path_;
};

}  // namespace test
