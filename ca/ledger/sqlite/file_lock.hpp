#pragma once
#include <string>

namespace ca::sqlite {

// An exclusive lock on a file, held until the end of the object or of the process. The file stays, and tells
// the next one whether what it guards was ever there.
class FileLock {
 public:
  // Throws Code::unavailable with the path and, when somebody else holds it, that process's number.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // What it guards is there: kept in the file from now on.
  void mark();
  [[nodiscard]] bool was_marked() const { return marked_; }

 private:
  void write() const;
  int descriptor_;
  bool marked_ = false;
};

// Makes the file with mode 0600 when it is absent, so that what SQLite puts beside it has that mode too. Not
// for a file that SQLite has open: closing it here would drop SQLite's locks. Throws Code::unavailable with
// path and cause.
void make_private_file(const std::string& path);

}  // namespace ca::sqlite
