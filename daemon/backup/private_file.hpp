#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "ca/base/digest.hpp"
#include "ca/storage/descriptor.hpp"

namespace backup {

// A file or folder of a name that was free, mode 0600 or 0700, which disappears again unless it was kept.
class Draft {
 public:
  enum class Kind { file, folder };
  // At `<wanted>.new-XXXXXX`. Throws Code::unavailable and the like, with path and cause.
  Draft(std::filesystem::path wanted, Kind kind);
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return draft_; }
  // Gives it its name in one step, durably. Throws Code::conflict when the name is taken meanwhile; then and
  // at any other error nothing is left.
  void keep();

 private:
  std::filesystem::path wanted_, draft_;
  bool kept_ = false;
};

// An empty file of mode 0600 at a free name.
void make_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);
// Content and names are durable at return.
void sync_file(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& path);
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& path);

struct FileDigest {
  std::uint64_t bytes = 0;
  ca::Sha256 sha256{};
};
[[nodiscard]] FileDigest digest_of(const std::filesystem::path& path);
// Copies into an empty file; the digest is of what was copied.
FileDigest copy_content(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace backup
