#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Bytes to and from a server under test: the client decides nothing about HTTP, so that it can say anything.
// Every wait ends after ten seconds with a failure of the test.
class Client {
 public:
  explicit Client(std::uint16_t port, const std::string& address = "127.0.0.1");
  // A socket that exists but has no connection yet.
  Client();
  virtual ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void connect(std::uint16_t port, const std::string& address = "127.0.0.1");
  // False when the server takes no more.
  virtual bool send(std::string_view bytes);
  void end_sending() const;
  // One answer: head and as many bytes as Content-Length says, none after HEAD.
  std::string answer(bool head_only = false);
  // Everything until the server closes.
  std::string rest();
  // Whether the server closed orderly, with nothing more to read.
  bool closed();
  // Whether the connection ended by a reset.
  [[nodiscard]] bool was_reset() const { return reset_; }
  [[nodiscard]] int descriptor() const { return socket_; }

 protected:
  // 0 at the end.
  virtual std::size_t receive(char* into, std::size_t size);
  int socket_ = -1;
  bool reset_ = false;

 private:
  bool fill();
  std::string received_;
};

[[nodiscard]] int status_of(const std::string& answer);
[[nodiscard]] std::string body_of(const std::string& answer);
// Value of the first header with that name, empty when there is none.
[[nodiscard]] std::string header_of(const std::string& answer, const std::string& name);
