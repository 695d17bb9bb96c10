#include "daemon/wiring/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "ca/base/error.hpp"

namespace wiring {
namespace {

sigset_t taken_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

std::string taken_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

}  // namespace

void harden_process() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
}

Signals::Signals() {
  const sigset_t set = taken_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<Signal> Signals::next(std::chrono::milliseconds wait) const {
  const sigset_t set = taken_signals();
  const timespec limit{wait.count() / 1000, (wait.count() % 1000) * 1'000'000};
  const int taken = ::sigtimedwait(&set, nullptr, &limit);
  if (taken < 0) {
    return std::nullopt;
  }
  return taken == SIGHUP ? Signal::reload : Signal::stop;
}

PidFile::PidFile(std::filesystem::path file) : file_{std::move(file)} {
  const std::string text = std::to_string(::getpid()) + "\n";
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int cause = errno;
  if (fd >= 0) {
    ::close(fd);
  }
  if (!written) {
    throw ca::Error{ca::Code::unavailable, "pidfile " + file_.string() + ": " + std::strerror(cause)};
  }
}

PidFile::~PidFile() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

ServiceNotifier::ServiceNotifier() : socket_{taken_from_environment("NOTIFY_SOCKET")} {
  const std::string micros = taken_from_environment("WATCHDOG_USEC");
  const std::string process = taken_from_environment("WATCHDOG_PID");
  const long long period = std::atoll(micros.c_str());
  if (period > 0 && (process.empty() || process == std::to_string(::getpid()))) {
    period_ = std::chrono::milliseconds{period / 2000};
  }
}

void ServiceNotifier::ready() const { send("READY=1"); }
void ServiceNotifier::stopping() const { send("STOPPING=1"); }
void ServiceNotifier::watchdog() const { send("WATCHDOG=1"); }

void ServiceNotifier::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1000));
}

void ServiceNotifier::send(const std::string& state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') {
    address.sun_path[0] = '\0';  // abstract socket
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 length);
  ::close(fd);
}

}  // namespace wiring
