#include "tests/integration/s3/canned_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace test {
namespace {

// Whether the text holds a whole request.
bool is_whole(const std::string& text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) {
    return false;
  }
  const std::size_t length = text.find("Content-Length: ");
  const std::size_t body = length < end ? std::stoul(text.substr(length + 16)) : 0;
  return text.size() >= end + 4 + body;
}

}  // namespace

CannedServer::CannedServer(std::vector<std::string> answers) : answers_{std::move(answers)} {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, plain, &size) != 0 || ::pipe(wake_) != 0) {
    throw std::runtime_error{"no server"};
  }
  port_ = ::ntohs(address.sin_port);
  thread_ = std::thread{[this] { serve(); }};
}

CannedServer::~CannedServer() {
  (void)!::write(wake_[1], "x", 1);
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) {
    ::close(fd);
  }
}

std::vector<std::string> CannedServer::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

void CannedServer::serve() {
  for (std::size_t next = 0;; ++next) {
    pollfd waiting[2] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    ::poll(waiting, 2, -1);
    if (waiting[1].revents != 0) {
      return;
    }
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    serve_one(connection, next < answers_.size() ? &answers_[next] : nullptr);
    ::close(connection);
  }
}

void CannedServer::serve_one(int connection, const std::string* answer) {
  std::string text;
  char piece[65536];
  while (!is_whole(text)) {
    const ssize_t got = ::recv(connection, piece, sizeof piece, 0);
    if (got <= 0) {
      break;
    }
    text.append(piece, static_cast<std::size_t>(got));
    if (text.ends_with("\r\n\r\n") && text.find("Expect: 100-continue") != std::string::npos) {
      (void)::send(connection, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
    }
  }
  {
    const std::lock_guard lock{mutex_};
    requests_.push_back(text);
  }
  if (answer != nullptr) {
    (void)::send(connection, answer->data(), answer->size(), MSG_NOSIGNAL);
    return;
  }
  pollfd waiting[2] = {{connection, POLLIN, 0}, {wake_[0], POLLIN, 0}};
  ::poll(waiting, 2, -1);
}

std::string answer(const std::string& status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

}  // namespace test
