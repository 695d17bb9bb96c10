#include "daemon/wiring/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
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

constexpr int kPidFileAttempts = 10;  // each one lost to a daemon that ends just then

[[noreturn]] void refuse_pidfile(const std::filesystem::path& file, const std::string& cause) {
  throw ca::Error{ca::Code::unavailable, "pidfile " + file.string() + ": " + cause};
}

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
  for (int attempt = 0; attempt < kPidFileAttempts && descriptor_ < 0; ++attempt) {
    take();
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  const bool written =
      descriptor_ >= 0 && ::ftruncate(descriptor_, 0) == 0 &&
      ::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (!written) {
    const int cause = descriptor_ < 0 ? EAGAIN : errno;
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
    refuse_pidfile(file_, std::strerror(cause));
  }
}

void PidFile::take() {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    refuse_pidfile(file_, std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    std::array<char, 32> holder{};
    const ssize_t size = ::pread(descriptor_, holder.data(), holder.size(), 0);
    ::close(descriptor_);
    std::string process{holder.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    process = process.substr(0, process.find('\n'));
    refuse_pidfile(file_, cause == EWOULDBLOCK ? "is held by process " + process +
                                                     ": one pidfile for each daemon, change pidfile"
                                               : std::strerror(cause));
  }
  if (!is_ours()) {  // its last holder removed it between open and flock
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

bool PidFile::is_ours() const {
  struct stat named {};
  struct stat held {};
  return ::stat(file_.c_str(), &named) == 0 && ::fstat(descriptor_, &held) == 0 &&
         named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

PidFile::~PidFile() {
  if (is_ours()) {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  ::close(descriptor_);
}

}  // namespace wiring
