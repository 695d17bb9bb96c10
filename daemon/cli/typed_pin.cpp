#include "daemon/cli/typed_pin.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

// The terminal without its echo; the destructor gives it back as it was.
class SilentTerminal {
 public:
  SilentTerminal() : descriptor_{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)} {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) {
      throw Failure{"there is no terminal to type the PIN at", "--pin-source prompt",
                    "use file:<path> or fd:<number>"};
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

 private:
  int descriptor_;
  termios before_{};
};

struct Line {
  std::array<char, pkcs11::kMaxPinBytes + 2> bytes{};
  std::size_t size = 0;
  ~Line() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

}  // namespace

pkcs11::Pin typed_pin(const std::string& question) {
  const SilentTerminal terminal;
  terminal.say(question + ": ");
  Line line;
  bool ended = false;
  while (!ended && line.size < line.bytes.size()) {
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
    throw Failure{line.size == 0 ? "no PIN was typed" : "the PIN is longer than 255 bytes", "", "",
                  "nobody was logged in"};
  }
  return pkcs11::Pin{{reinterpret_cast<const std::uint8_t*>(line.bytes.data()), line.size}};
}

}  // namespace cli
