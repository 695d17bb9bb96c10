#include "ca/ledger/sqlite/file_lock.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

#include "ca/base/error.hpp"

namespace ca::sqlite {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& cause) {
  throw Error{Code::unavailable, "cannot open the store: " + path + ": " + cause};
}

std::string text_of_errno(int number) { return std::generic_category().message(number); }

constexpr std::string_view kMark = "a ledger is here\n";

std::string text_in(int descriptor) {
  std::array<char, 64> text{};
  const auto size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string holder_in(int descriptor) {
  const std::string number = text_in(descriptor);
  return number.empty() ? "another process" : "process " + number.substr(0, number.find('\n'));
}

}  // namespace

FileLock::FileLock(const std::string& path)
    : descriptor_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)} {
  if (descriptor_ < 0) {
    refuse(path, text_of_errno(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_in(descriptor_);
    ::close(descriptor_);
    refuse(path, "is in use by " + holder + ": one daemon on one store");
  }
  marked_ = text_in(descriptor_).find(kMark) != std::string::npos;
  write();
}

void FileLock::mark() {
  marked_ = true;
  write();
}

// The process is for people only, and the mark is a second net: that they cannot be written does not matter.
void FileLock::write() const {
  const std::string text = std::to_string(::getpid()) + "\n" + std::string{marked_ ? kMark : ""};
  if (::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    [[maybe_unused]] const auto cut = ::ftruncate(descriptor_, static_cast<off_t>(text.size()));
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

void make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    refuse(path, text_of_errno(errno));
  }
  ::close(file);
  // The name itself is durable once the folder is.
  std::string folder = std::filesystem::path{path}.parent_path().string();
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || ::fsync(directory) != 0) {
    const int number = errno;
    if (directory >= 0) {
      ::close(directory);
    }
    refuse(folder, text_of_errno(number));
  }
  ::close(directory);
}

}  // namespace ca::sqlite
