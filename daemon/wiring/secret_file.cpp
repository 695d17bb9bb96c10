#include "daemon/wiring/secret_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include "ca/base/error.hpp"

namespace wiring {
namespace {

constexpr std::size_t kMaxSecretBytes = 256;

}  // namespace

std::shared_ptr<const ca::SecretBytes> read_secret(const std::filesystem::path& file) {
  std::array<char, kMaxSecretBytes + 2> buffer{};
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const ssize_t got = fd < 0 ? -1 : ::read(fd, buffer.data(), buffer.size());
  const int cause = errno;
  if (fd >= 0) {
    ::close(fd);
  }
  std::string_view text{buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  const bool usable =
      !text.empty() && text.size() <= kMaxSecretBytes && text.find('\n') == std::string_view::npos;
  auto secret = std::make_shared<ca::SecretBytes>(ca::bytes_of(usable ? text : std::string_view{}));
  ::explicit_bzero(buffer.data(), buffer.size());
  if (got < 0) {
    throw ca::Error{ca::Code::unavailable, "secret file " + file.string() + ": " + std::strerror(cause)};
  }
  if (!usable) {
    throw ca::Error{ca::Code::unavailable,
                    "secret file " + file.string() + " must hold one line of at most 256 characters"};
  }
  return secret;
}

}  // namespace wiring
