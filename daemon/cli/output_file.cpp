#include "daemon/cli/output_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  throw Failure{"cannot write the file: " + std::generic_category().message(error), file.string(),
                "check that its folder exists, its owner and free space"};
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
}

// The name in the folder is durable after this, as the content is after fsync on the file.
void sync_folder(const std::filesystem::path& file) {
  const int folder = ::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    fail(file, errno);
  }
  const int error = ::fsync(folder) == 0 ? 0 : errno;
  ::close(folder);
  if (error != 0) {
    fail(file, error);
  }
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path file, mode_t mode)
    : file_{std::move(file)}, draft_{file_}, mode_{mode} {
  draft_ += ".new";
  std::error_code absent;
  if (std::filesystem::is_directory(file_, absent)) {
    fail(file_, EISDIR);
  }
  descriptor_ = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode_);
  if (descriptor_ < 0) {
    fail(file_, errno);
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(draft_.c_str());
  }
}

void OutputFile::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      fail(file_, errno);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  // A certificate is public, whatever the umask of a ceremony's shell.
  if (::fchmod(descriptor_, mode_) != 0 || ::fsync(descriptor_) != 0 ||
      ::rename(draft_.c_str(), file_.c_str()) != 0) {
    fail(file_, errno);
  }
  ::close(std::exchange(descriptor_, -1));
  sync_folder(file_);
}

}  // namespace cli
