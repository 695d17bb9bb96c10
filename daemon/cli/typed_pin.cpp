#include "daemon/cli/typed_pin.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <optional>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

// Whatever would end or stop this process waits until the terminal has its echo again: the destructor lets it
// come.
class HeldSignals {
 public:
  HeldSignals() {
    ::sigemptyset(&held_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
      ::sigaddset(&held_, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &held_, &before_);
    descriptor_ = ::signalfd(-1, &held_, SFD_CLOEXEC);
  }
  ~HeldSignals() {
    ::close(descriptor_);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Readable when one is there; it is never read.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  sigset_t held_{}, before_{};
  int descriptor_ = -1;
};

// The terminal without its echo; the destructor gives it back as it was.
class SilentTerminal {
 public:
  SilentTerminal() : descriptor_{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)} {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) {
      throw Failure{"there is no terminal to type the PIN at", "--pin-source prompt",
                    "use file:<path> or fd:<number>", "nobody was logged in"};
    }
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
    ::tcsetattr(descriptor_, TCSAFLUSH, &silent);
  }
  ~SilentTerminal() {
    ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    ::close(descriptor_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  void say(const std::string& text) const {
    static_cast<void>(::write(descriptor_, text.data(), text.size()) < 0);
  }
  [[nodiscard]] ssize_t read(char* to, std::size_t size) const { return ::read(descriptor_, to, size); }
  // False when a signal came first.
  [[nodiscard]] bool wait(const HeldSignals& signals) const {
    std::array<pollfd, 2> waited{{{descriptor_, POLLIN, 0}, {signals.descriptor(), POLLIN, 0}}};
    while (::poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
    }
    return waited.back().revents == 0;
  }

 private:
  int descriptor_;
  termios before_{};
};

struct Line {
  std::array<char, pkcs11::kMaxPinBytes + 2> bytes{};
  std::size_t size = 0;
  ~Line() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

// Nothing when a signal came: it has done its work at return.
std::optional<pkcs11::Pin> asked_once(const std::string& question) {
  const HeldSignals signals;
  const SilentTerminal terminal;
  terminal.say(question + ": ");
  Line line;
  bool ended = false;
  while (!ended && line.size < line.bytes.size()) {
    if (!terminal.wait(signals)) {
      terminal.say("\n");
      return std::nullopt;
    }
    const ssize_t got = terminal.read(line.bytes.data() + line.size, line.bytes.size() - line.size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    line.size += static_cast<std::size_t>(got);
    ended = line.bytes.at(line.size - 1) == '\n';
  }
  terminal.say("\n");
  line.size -= ended ? 1 : 0;
  if (line.size == 0 || line.size > pkcs11::kMaxPinBytes) {
    throw Failure{line.size == 0 ? "no PIN was typed" : "the PIN is longer than 255 bytes",
                  "--pin-source prompt", "repeat the command and type the token's PIN",
                  "nobody was logged in"};
  }
  return pkcs11::Pin{{reinterpret_cast<const std::uint8_t*>(line.bytes.data()), line.size}};
}

}  // namespace

pkcs11::Pin typed_pin(const std::string& question) {
  // After a stop (Ctrl-Z) the question comes again.
  for (;;) {
    if (auto pin = asked_once(question)) {
      return std::move(*pin);
    }
  }
}

}  // namespace cli
