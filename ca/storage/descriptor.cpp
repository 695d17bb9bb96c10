#include "ca/storage/descriptor.hpp"

#include <cerrno>
#include <system_error>
#include <unistd.h>

#include "ca/base/error.hpp"

namespace ca {
namespace {

Code code_of(int error) {
  switch (error) {
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
      return Code::unavailable;
    case ENOENT:
      return Code::resource_not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::access_denied;
    default:
      return Code::invalid_request;
  }
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void fail_file(const char* call, const std::filesystem::path& path) {
  const int error = errno;
  std::string text = std::string{call} + " " + path.string() + ": " + std::generic_category().message(error);
  if (error == ELOOP || error == ENOTDIR) {
    text += " (below a bucket's own folder a symbolic link is not followed)";
  }
  throw Error{code_of(error), text};
}

void write_all(const Descriptor& file, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail_file("write", path);
    }
  }
}

}  // namespace ca
