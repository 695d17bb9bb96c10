#include "ca/authority/report_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/base/bytes.hpp"

namespace ca {
namespace {

// Subjects are nobody's business but the operator's and the auditor's.
constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;

[[noreturn]] void fail(const char* call, const std::filesystem::path& path) {
  throw std::system_error{errno, std::generic_category(), std::string{call} + " " + path.string()};
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    fail("open", folder);
  }
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0) {
    errno = error;
    fail("fsync", folder);
  }
}

void make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), kFolderMode) == 0) {
    sync_folder(folder.parent_path());
  } else if (errno != EEXIST) {
    fail("mkdir", folder);
  }
}

}  // namespace

ReportFile::ReportFile(const std::filesystem::path& directory, const std::string& key)
    : place_{directory / key}, temporary_{place_.string() + ".part"} {
  std::filesystem::path folder = directory;
  for (const auto& part : std::filesystem::path{key}.parent_path()) {
    make_folder(folder /= part);
  }
  // What a crash left.
  if (::unlink(temporary_.c_str()) != 0 && errno != ENOENT) {
    fail("unlink", temporary_);
  }
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode);
  if (fd_ < 0) {
    fail("open", temporary_);
  }
}

ReportFile::~ReportFile() {
  if (fd_ >= 0) {
    ::close(fd_);
    ::unlink(temporary_.c_str());
  }
}

void ReportFile::write(std::string_view text) {
  digest_.update(bytes_of(text));
  size_ += text.size();
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail("write", temporary_);
    }
  }
}

Sha256 ReportFile::keep() {
  if (::fsync(fd_) != 0) {
    fail("fsync", temporary_);
  }
  if (::rename(temporary_.c_str(), place_.c_str()) != 0) {
    fail("rename", place_);
  }
  ::close(fd_);
  fd_ = -1;
  sync_folder(place_.parent_path());
  return digest_.finish();
}

bool may_pass(const std::error_code& trouble) {
  switch (trouble.value()) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
    case EIO:
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ESTALE:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

}  // namespace ca
