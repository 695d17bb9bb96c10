#include "daemon/ops/systemd_notify.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ops {

void notify(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) {
    return;
  }
  sockaddr_un address{};
  const std::size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') {
    address.sun_path[0] = '\0';  // abstract namespace
  }
  const int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) {
    return;
  }
  (void)sendto(socket_fd, state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  close(socket_fd);
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  const char* interval = std::getenv("WATCHDOG_USEC");
  const char* process = std::getenv("WATCHDOG_PID");
  if (interval == nullptr || (process != nullptr && std::to_string(getpid()) != process)) {
    return std::nullopt;
  }
  const char* end = interval + std::strlen(interval);
  std::int64_t value = 0;
  const auto read = std::from_chars(interval, end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < 2) {
    return std::nullopt;
  }
  return std::chrono::microseconds{value / 2};
}

}  // namespace ops
