#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ca::sqlite {

// Whether the files that SQLite has open still stand under their names. SQLite itself goes on writing into a
// file that was moved or deleted, and a crash then loses what was acknowledged. Thread-safe.
class OpenFiles {
 public:
  // `path` names the store's file, which exists.
  explicit OpenFiles(std::string path);

  // A transaction is over: SQLite has open what it keeps beside the file. Only the first one counts after
  // forget_companions().
  void note_companions();
  // It is closed, and SQLite may delete them.
  void forget_companions();
  // What is not where it was opened, and what a person must do; nullopt when all is. A few stat(2).
  [[nodiscard]] std::optional<std::string> displaced() const;

 private:
  struct File {
    std::string path;
    dev_t device;
    ino_t inode;
  };
  static std::optional<File> found(const std::string& path);

  const std::string path_;
  const std::optional<File> main_;
  mutable std::mutex mutex_;
  std::vector<File> companions_;
};

// Throws Code::unavailable when a ledger was here and its file is not: a new one in its place would forget
// every certificate. `was_here`: an earlier start had it open.
void refuse_lost_file(const std::string& path, bool was_here);

}  // namespace ca::sqlite
