#include "daemon/wiring/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ca/base/error.hpp"

namespace wiring {
namespace {

constexpr std::size_t kListeners = 3;
constexpr std::size_t kOwnDescriptors = 256;  // ledger, tokens, log, event loops

sigset_t taken_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void harden_process() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

std::optional<std::string> descriptor_warning(std::size_t connections, std::size_t limit) {
  const std::size_t needed = kListeners * connections + kOwnDescriptors;
  if (needed <= limit) {
    return std::nullopt;
  }
  const std::size_t fitting = limit > kOwnDescriptors ? (limit - kOwnDescriptors) / kListeners : 0;
  return "limits.connections is " + std::to_string(connections) + " for each of " +
         std::to_string(kListeners) + " listeners and needs " + std::to_string(needed) +
         " file descriptors, but the hard limit is " + std::to_string(limit) +
         ": raise it (systemd: LimitNOFILE=) or set limits.connections to at most " + std::to_string(fitting);
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

}  // namespace wiring
