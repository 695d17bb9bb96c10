#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ops/systemd_notify.hpp"
#include "tests/support/catch.hpp"

namespace {

// A variable of the environment for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_{name} { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

// A service manager: a bound datagram socket.
class Listening {
 public:
  explicit Listening(const std::string& name) : socket_{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') {
      address.sun_path[0] = '\0';
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  }
  ~Listening() { close(socket_); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  [[nodiscard]] std::string received() const {
    std::array<char, 256> text{};
    const auto size = recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return size > 0 ? std::string{text.data(), static_cast<std::size_t>(size)} : std::string{};
  }

 private:
  int socket_;
};

struct Folder {
  Folder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Folder() {
    unlink(socket().c_str());
    rmdir(path.c_str());
  }
  [[nodiscard]] std::string socket() const { return path + "/notify"; }
  std::string path = "/tmp/chancery-notify-XXXXXX";
};

}  // namespace

TEST_CASE("notify: the state reaches a socket in the file system", "[ops]") {
  const Folder folder;
  const Listening manager{folder.socket()};
  const Variable variable{"NOTIFY_SOCKET", folder.socket()};
  ops::notify("READY=1");
  CHECK(manager.received() == "READY=1");
}

TEST_CASE("notify: the state reaches an abstract socket", "[ops]") {
  const std::string name = "@chancery-notify-" + std::to_string(getpid());
  const Listening manager{name};
  const Variable variable{"NOTIFY_SOCKET", name};
  ops::notify("STOPPING=1");
  CHECK(manager.received() == "STOPPING=1");
}

TEST_CASE("notify: without a manager or with a wrong address nothing happens", "[ops]") {
  unsetenv("NOTIFY_SOCKET");
  ops::notify("READY=1");
  for (const std::string& address : {std::string{}, std::string{"relative"}, std::string{"/nowhere/at/all"},
                                     "/" + std::string(200, 'a')}) {
    const Variable variable{"NOTIFY_SOCKET", address};
    ops::notify("READY=1");
  }
}

TEST_CASE("watchdog: half of the interval when it is meant for this process", "[ops]") {
  unsetenv("WATCHDOG_PID");
  CHECK_FALSE(ops::watchdog_interval().has_value());
  const Variable interval{"WATCHDOG_USEC", "10000000"};
  CHECK(ops::watchdog_interval() == std::chrono::seconds{5});
  {
    const Variable process{"WATCHDOG_PID", std::to_string(getpid())};
    CHECK(ops::watchdog_interval() == std::chrono::seconds{5});
  }
  const Variable process{"WATCHDOG_PID", "1"};
  CHECK_FALSE(ops::watchdog_interval().has_value());
}

TEST_CASE("watchdog: what is no interval is none", "[ops]") {
  for (const char* value : {"", "0", "1", "-5", "10s", " 10", "99999999999999999999"}) {
    const Variable interval{"WATCHDOG_USEC", value};
    CHECK_FALSE(ops::watchdog_interval().has_value());
  }
}
