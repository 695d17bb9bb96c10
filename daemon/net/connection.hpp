#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/net/request_head.hpp"
#include "daemon/net/server.hpp"

namespace net {

class Connection;

// One bound address and what belongs to it. Outlives its connections.
struct Listener {
  Listener(boost::asio::io_context& io, ListenerOptions listener_options, const http::Router& the_router)
      : options{std::move(listener_options)}, router{the_router}, acceptor{io}, accept_again{io} {}

  ListenerOptions options;
  const http::Router& router;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer accept_again;
  std::mutex mutex;  // tls, per_ip
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::map<std::string, std::size_t> per_ip;
  std::atomic<std::uint64_t> open{0}, accepted{0}, refused{0}, malformed{0}, timeouts{0}, tls_failures{0},
      requests{0}, queue_full{0};
};

// What connections share with their server.
struct Shared {
  Shared(Limits the_limits, Pools the_pools, std::function<void(const Access&)> access)
      : limits{the_limits}, pools{the_pools}, on_access{std::move(access)} {}

  const Limits limits;
  const Pools pools;
  const std::function<void(const Access&)> on_access;
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable quiet;
  std::set<std::shared_ptr<Connection>> connections;
  std::size_t in_flight = 0;  // handlers that run or wait in a pool
};

// One client: requests strictly one after the other. All members are used on the connection's strand, except
// by the handler's thread, which only posts its answer back.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::string remote_ip, Listener& listener, Shared& shared);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // Closes when nothing runs; otherwise after the answer. From any thread.
  void drain();
  void close_now();

 private:
  enum class Phase { handshake, idle, head, body, handling, writing, closed };

  void handshake();
  void read_head();
  void on_head_bytes(const boost::system::error_code& error, std::size_t size);
  void take_head(std::size_t size);
  void read_body();
  void dispatch();
  void hand_over(const http::Route& route);
  void answer(http::HttpResponse response);
  void refuse(int status, const std::string& detail);
  void on_written(const boost::system::error_code& error);
  void arm(std::chrono::milliseconds wait);
  void on_timeout();
  void close();
  void read_some(char* into, std::size_t size,
                 void (Connection::*then)(const boost::system::error_code&, std::size_t));
  [[nodiscard]] std::optional<ca::Bytes> client_certificate() const;

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<boost::asio::ssl::context> tls_context_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_generation_ = 0;
  std::string remote_ip_;
  Listener& listener_;
  Shared& shared_;
  Phase phase_ = Phase::handshake;
  bool timed_out_ = false;
  bool closing_ = false;  // after the next answer
  std::vector<char> chunk_;
  std::string received_;  // bytes not yet consumed
  RequestHead head_;
  std::string request_id_;
  std::string outgoing_;
  int status_ = 0;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace net
