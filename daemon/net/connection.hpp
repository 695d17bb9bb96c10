#pragma once
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ca/base/rate_limit.hpp"
#include "daemon/net/chunked_body.hpp"
#include "daemon/net/request_head.hpp"
#include "daemon/net/server.hpp"

namespace net {

class Connection;

// One bound address and what belongs to it. The acceptor and its timer live on one strand. Outlives its
// connections.
struct Listener {
  Listener(boost::asio::io_context& io, ListenerOptions listener_options, const http::Router& the_router)
      : options{std::move(listener_options)},
        router{the_router},
        acceptor{boost::asio::make_strand(io)},
        accept_again{acceptor.get_executor()} {}

  const ListenerOptions options;
  const http::Router& router;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer accept_again;
  std::uint16_t port = 0;
  std::mutex mutex;  // tls, per_source
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::map<std::string, std::size_t> per_source;
  std::atomic<std::uint64_t> open{0}, accepted{0}, refused{0}, malformed{0}, timeouts{0}, tls_failures{0},
      requests{0}, queue_full{0}, throttled{0};
};

// A place among the connections of a listener, given back with the object.
class Seat {
 public:
  // Empty when the listener or the source (an IPv4 address, an IPv6 /64 network) has all that it may: at most
  // connections_per_ip, and free * free / connections while that is less, but one.
  [[nodiscard]] static std::optional<Seat> take(Listener& listener, const boost::asio::ip::address& remote,
                                                const Limits& limits);
  Seat(Seat&& other) noexcept : listener_{std::exchange(other.listener_, nullptr)}, source_{other.source_} {}
  Seat& operator=(Seat&&) = delete;
  ~Seat();

 private:
  using Source = std::map<std::string, std::size_t>::iterator;
  Seat(Listener& listener, Source source) : listener_{&listener}, source_{source} {}
  Listener* listener_;
  Source source_;
};

// Part of the memory for large bodies, given back with the object.
class LargeBody {
 public:
  // Empty when `bytes` more would be above `bound`.
  [[nodiscard]] static std::optional<LargeBody> take(std::atomic<std::size_t>& held, std::size_t bytes,
                                                     std::size_t bound);
  LargeBody(LargeBody&& other) noexcept : held_{std::exchange(other.held_, nullptr)}, bytes_{other.bytes_} {}
  LargeBody& operator=(LargeBody&& other) noexcept {
    std::swap(held_, other.held_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~LargeBody();

 private:
  LargeBody(std::atomic<std::size_t>& held, std::size_t bytes) : held_{&held}, bytes_{bytes} {}
  std::atomic<std::size_t>* held_;
  std::size_t bytes_;
};

// What connections share with their server.
struct Shared {
  Shared(Limits the_limits, Pools the_pools, std::function<void(const Access&)> access)
      : limits{the_limits}, pools{the_pools}, on_access{std::move(access)} {}

  const Limits limits;
  const Pools pools;
  const std::function<void(const Access&)> on_access;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> large_bodies{0};  // bytes
  ca::RateLimit rate{limits.requests_per_second, limits.request_burst};
  std::mutex mutex;  // connections, in_flight
  std::condition_variable quiet;
  std::set<std::shared_ptr<Connection>> connections;
  std::size_t in_flight = 0;  // requests that a pool knows
};

// One client: requests strictly one after the other, the next is read when the answer is written. All members
// are used on the connection's strand; a handler's thread only posts its answer back. Whatever a step throws
// closes this connection and nothing else (I16).
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::string remote_ip, std::string remote_network,
             Seat seat, Listener& listener, Shared& shared);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // Closes when nothing runs; otherwise after the answer. From any thread.
  void drain();
  void close_now();

 private:
  // lingering: the answer is out, the end is said; what the peer still sends is thrown away for a moment,
  // because closing with unread bytes would take the answer from it.
  enum class Phase { handshake, idle, head, body, handling, writing, lingering, closed };
  using Failure = boost::system::error_code;
  struct Job;

  void handshake();
  void on_handshake(const Failure& error);
  void read_head();
  void on_head_bytes(const Failure& error, std::size_t size);
  void take_head(std::size_t size);
  void expect_body();
  void say_continue();
  void read_body();
  void on_body_bytes(const Failure& error, std::size_t size);
  [[nodiscard]] bool take_body();
  void dispatch();
  void hand_over(const http::Route& route);
  [[nodiscard]] std::optional<http::HttpResponse> post(const std::shared_ptr<Job>& job);
  void answer(http::HttpResponse response);
  void refuse(int status, const std::string& detail);
  void refuse(http::HttpResponse refusal);
  void write_slice();
  void on_written(const Failure& error, std::size_t size);
  void report();
  void next_request();
  void finish();
  void discard();
  void close();
  void arm(std::chrono::milliseconds wait);
  void disarm();
  void on_timeout();

  template <typename Step>
  [[nodiscard]] auto then(Step step);
  void read_some();  // into chunk_, then the step of the phase
  template <typename Buffers, typename Then>
  void write(const Buffers& buffers, Then done);

  Seat seat_;
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<boost::asio::ssl::context> tls_context_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_generation_ = 0;
  const std::string remote_ip_;
  const std::string remote_network_;
  Listener& listener_;
  Shared& shared_;
  std::optional<ca::Bytes> client_certificate_;

  Phase phase_ = Phase::handshake;
  bool timed_out_ = false;
  bool closing_ = false;  // after the next answer
  std::vector<char> chunk_;
  std::string received_;  // bytes not yet consumed
  std::size_t discarded_ = 0;

  // of the current request
  RequestHead head_;  // its headers are in request_
  http::HttpRequest request_;
  std::optional<LargeBody> large_body_;
  const http::Route* route_ = nullptr;
  std::optional<ChunkedBody> chunks_;
  std::string request_id_;
  http::HttpResponse response_;
  std::string response_head_;
  bool head_written_ = false;
  std::size_t body_size_ = 0;
  std::size_t body_written_ = 0;
  std::chrono::steady_clock::time_point began_;
};

// A step is a member function; what it throws ends this connection only.
template <typename Step>
auto Connection::then(Step step) {
  return [self = shared_from_this(), step](const auto&... arguments) {
    try {
      std::invoke(step, *self, arguments...);
    } catch (...) {
      self->close();
    }
  };
}

template <typename Buffers, typename Then>
void Connection::write(const Buffers& buffers, Then done) {
  if (tls_) {
    boost::asio::async_write(*tls_, buffers, std::move(done));
  } else {
    boost::asio::async_write(socket_, buffers, std::move(done));
  }
}

}  // namespace net
