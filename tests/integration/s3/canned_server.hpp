#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace test {

// A server on a free port of this machine that answers each request, one connection after another, with the
// next of its canned texts and keeps what it was sent. After the last one a connection stays without an
// answer.
class CannedServer {
 public:
  explicit CannedServer(std::vector<std::string> answers);
  ~CannedServer();
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  [[nodiscard]] std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Head and body of each, as they came.
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  void serve();
  void serve_one(int connection, const std::string* answer);

  const std::vector<std::string> answers_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// "HTTP/1.1 <status>" with those header lines and that body.
[[nodiscard]] std::string answer(const std::string& status, const std::string& body,
                                 const std::string& headers = "");

}  // namespace test
