#include "tests/integration/net/client.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

Client::Client() : socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  const timeval wait{60, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Client::Client(std::uint16_t port, const std::string& address) : Client{} { connect(port, address); }

Client::~Client() { close(socket_); }

void Client::connect(std::uint16_t port, const std::string& address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    throw std::runtime_error{"cannot connect"};
  }
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::end_sending() const { shutdown(socket_, SHUT_WR); }

std::size_t Client::receive(char* into, std::size_t size) {
  const auto got = recv(socket_, into, size, 0);
  if (got < 0 && errno != ECONNRESET) {
    throw std::runtime_error{"the server said nothing for a minute"};
  }
  reset_ = got < 0;
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool Client::fill() {
  std::array<char, 65536> chunk{};
  const std::size_t got = receive(chunk.data(), chunk.size());
  received_.append(chunk.data(), got);
  return got > 0;
}

std::string Client::answer(bool head_only) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) {
      return {};
    }
  }
  end += 4;
  std::size_t size = end;
  if (const std::string length = header_of(received_.substr(0, end), "Content-Length");
      !head_only && !length.empty()) {
    size += std::stoul(length);
  }
  while (received_.size() < size) {
    if (!fill()) {
      return {};
    }
  }
  const std::string whole = received_.substr(0, size);
  received_.erase(0, size);
  return whole;
}

std::string Client::rest() {
  while (fill()) {
  }
  return std::exchange(received_, {});
}

bool Client::closed() { return rest().empty() && !reset_; }

int status_of(const std::string& answer) {
  return answer.size() > 12 && answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string{} : answer.substr(end + 4);
}

std::string header_of(const std::string& answer, const std::string& name) {
  const auto at = answer.find("\r\n" + name + ": ");
  if (at == std::string::npos) {
    return {};
  }
  const auto from = at + name.size() + 4;
  return answer.substr(from, answer.find("\r\n", from) - from);
}
