#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/http/router.hpp"
#include "daemon/http/worker_pool.hpp"

namespace net {

struct TlsFiles {
  std::string certificate_chain;         // PEM, leaf first
  std::string private_key;               // PEM, owner-only file
  std::optional<std::string> client_ca;  // PEM; client certificates are then asked for, never required
};

struct ListenerOptions {
  std::string name;        // "api", for logs and metrics
  std::string address;     // "127.0.0.1"
  std::uint16_t port = 0;  // 0: the system picks; see Server::port
  std::optional<TlsFiles> tls;
};

struct Limits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t header_fields = 64;
  std::chrono::milliseconds handshake_time{5000};
  std::chrono::milliseconds header_time{5000};
  std::chrono::milliseconds body_time{10000};
  std::chrono::milliseconds idle_time{30000};
  std::chrono::milliseconds write_time{10000};  // for each 256 KiB of an answer
  std::size_t large_bodies = 32 * 1024 * 1024;  // bytes of bodies above http::kOrdinaryBody, all together
  double requests_per_second = 10000;           // of each share (http::Route::share_of)
  double request_burst = 20000;
  std::size_t connections = 4096;
  std::size_t connections_per_ip = 1024;  // IPv6: per /64 network; fewer when few are free, see Seat
};

// A line of the access log and the input of the request metrics; called on an I/O thread, must be quick.
struct Access {
  std::string listener, method, path, remote_ip, request_id;
  int status = 0;
  std::size_t response_bytes = 0;
  std::chrono::microseconds duration{};
  std::string cause;  // what the client was not told (http::HttpResponse): every 5xx has one
  bool routine = false;
};

struct Counters {  // monotonic except open_connections
  std::uint64_t open_connections = 0, accepted = 0, refused_connections = 0, malformed = 0, timeouts = 0,
                tls_failures = 0, requests = 0, queue_full = 0, throttled = 0;
};

// The pools that run handlers, one per http::Pool value.
struct Pools {
  http::WorkerPool& issue;
  http::WorkerPool& change;
  http::WorkerPool& read;
  http::WorkerPool& status;
  http::WorkerPool& ops;
};

// All listeners and I/O threads; the only place with Asio. Handlers run on the pools, requests of a
// connection one after the other. Refused before a route sees them, as application/problem+json with
// Connection: close: what parse_head and ChunkedBody refuse, 408 (slow), 431 (header too large). A body above
// its route's bound is refused before it is read, and a large one also (when_full) while others have the
// memory. The methods are called from one thread, except counters() and port(), which any may call after
// start().
class Server {
 public:
  // on_access must not throw; when it does, the connection that it was about is closed.
  Server(Limits limits, Pools pools, std::size_t io_threads, std::function<void(const Access&)> on_access);
  ~Server();  // stop(0), waits for the handlers that still run, joins
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens at once; throws ca::Error{Code::unavailable} that names address, port and cause
  // ("address already in use: change listeners.api.port"). `router` must outlive the server.
  void listen(const ListenerOptions& options, const http::Router& router);
  // The bound port of the named listener.
  [[nodiscard]] std::uint16_t port(const std::string& listener) const;
  void start();
  // Loads the files again and serves new connections with them; on error throws and keeps the old ones.
  void reload_tls();
  // Stops accepting and lets running requests end; their answers carry Connection: close.
  void drain();
  // False when there are still requests or connections after `wait`.
  [[nodiscard]] bool quiet_within(std::chrono::milliseconds wait);
  // drain() for at most `grace`, then closes every connection; handlers run on.
  void stop(std::chrono::milliseconds grace);
  [[nodiscard]] Counters counters(const std::string& listener) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace net
