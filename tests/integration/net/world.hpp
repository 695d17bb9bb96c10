#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/net/server.hpp"
#include "tests/integration/net/client.hpp"

// Holds handlers until it is opened.
class Barrier {
 public:
  void wait() {
    std::unique_lock lock{mutex_};
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  bool wait_for_entered(int count) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{60}, [&] { return entered_ >= count; });
  }
  void open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  bool open_ = false;
};

struct Wanted {
  net::Limits limits;
  std::optional<net::TlsFiles> tls;
  std::size_t pool_threads = 2;
  std::size_t pool_queue = 16;
};

inline constexpr std::size_t kLargestBody = 300 * 1024;

// A server with two I/O threads on a port that the system picked, and these routes:
//   POST /echo   the body back              GET /who     fields of the request as text
//   GET  /hold   waits for the barrier      GET /throw, /throw-int   throw
//   GET  /large  eight MiB                  POST /small  at most ten bytes
//   POST /by-head  at most 64 KiB, 300 KiB with X-Known; the size back, with X-Hold behind the barrier
//   GET  /mine   as /hold, for a share that the header X-Sender names; /mine-at-once does not wait
//   POST /at-once  answered on the I/O thread, with a query as /hold
//   GET  /bad-pool  no pool for it          GET /hold-full  as /hold; answers 429 when the pool is full
class World {
 public:
  explicit World(Wanted wanted = {});
  ~World();

  [[nodiscard]] std::uint16_t port() const { return server->port("test"); }
  [[nodiscard]] net::Counters counters() const { return server->counters("test"); }
  // The server still answers somebody else (I16).
  [[nodiscard]] bool serves() const;
  // Waits until `condition` holds; false after a minute.
  template <typename Condition>
  static bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
  }
  [[nodiscard]] std::vector<net::Access> accesses();

  Barrier barrier;
  http::Router router;
  std::unique_ptr<http::WorkerPool> pool;
  http::WorkerPool other_pool{{.name = "other", .threads = 1, .max_queued = 4}};
  std::unique_ptr<net::Server> server;
  bool tls = false;

 private:
  void add_routes();
  std::mutex mutex_;
  std::vector<net::Access> accesses_;
};

[[nodiscard]] inline std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}
[[nodiscard]] inline std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
