#include "ca/ledger/sqlite/open_files.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <utility>

#include "ca/base/error.hpp"

namespace ca::sqlite {
namespace {

constexpr const char* kCompanions[] = {"-wal", "-shm"};

}  // namespace

std::optional<OpenFiles::File> OpenFiles::found(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return File{path, status.st_dev, status.st_ino};
}

OpenFiles::OpenFiles(std::string path) : path_{std::move(path)}, main_{found(path_)} {}

void OpenFiles::note_companions() {
  const std::lock_guard lock{mutex_};
  if (!companions_.empty()) {
    return;
  }
  for (const char* suffix : kCompanions) {
    if (auto file = found(path_ + suffix)) {
      companions_.push_back(std::move(*file));
    }
  }
}

void OpenFiles::forget_companions() {
  const std::lock_guard lock{mutex_};
  companions_.clear();
}

std::optional<std::string> OpenFiles::displaced() const {
  std::vector<File> files;
  if (main_) {
    files.push_back(*main_);
  }
  {
    const std::lock_guard lock{mutex_};
    files.insert(files.end(), companions_.begin(), companions_.end());
  }
  for (const File& file : files) {
    const auto now = found(file.path);
    if (!now || now->device != file.device || now->inode != file.inode) {
      return file.path +
             (now ? ": is another file than the one that the daemon has open"
                  : ": was moved or deleted while the daemon has it open") +
             ". Nothing is written. Put that very file back where it was, and the daemon goes on; when it "
             "was "
             "deleted, copy it and the files beside it out of /proc/PID/fd before the daemon ends";
    }
  }
  return std::nullopt;
}

void refuse_lost_file(const std::string& path, bool was_here) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return;
  }
  const bool has_log = std::filesystem::exists(path + "-wal", ignored);
  if (has_log || was_here) {
    throw Error{Code::unavailable,
                "cannot open the store: " + path + ": is missing, but a ledger was here (" + path +
                    (has_log ? "-wal" : ".lock") +
                    " is left of it): put it back, or restore it from a backup. Only when a new and empty "
                    "ledger is really wanted, remove what is left of the old one"};
  }
}

}  // namespace ca::sqlite
