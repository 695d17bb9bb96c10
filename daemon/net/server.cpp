#include "daemon/net/server.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <map>
#include <thread>
#include <vector>

#include "ca/base/error.hpp"
#include "daemon/net/connection.hpp"
#include "daemon/net/tls_context.hpp"

namespace net {
namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};  // when the process has no file descriptor left

std::shared_ptr<boost::asio::ssl::context> tls_for_asio(const TlsFiles& files) {
  TlsContext loaded = load_tls(files);
  auto context = std::make_shared<boost::asio::ssl::context>(loaded.get());
  (void)loaded.release();  // it is the other's now
  return context;
}

// As policies, logs and audit events write it: an IPv4 client of a dual-stack socket (::ffff:192.0.2.1) is an
// IPv4 client, and the interface that a link-local address came by is not part of the address.
boost::asio::ip::address plain(const boost::asio::ip::address& remote) {
  if (!remote.is_v6()) {
    return remote;
  }
  const boost::asio::ip::address_v6 address = remote.to_v6();
  if (address.is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address);
  }
  return boost::asio::ip::address_v6{address.to_bytes()};
}

std::string source_of(const boost::asio::ip::address& remote) {
  if (!remote.is_v6()) {
    return remote.to_string();
  }
  // Whoever has one address of a /64 has all of them.
  auto network = remote.to_v6().to_bytes();
  std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return boost::asio::ip::address_v6{network}.to_string();
}

// Falls with the square of what is free: the first addresses have what they ask for, and it takes more than a
// hundred that take all they can until an address that has nothing is refused.
std::size_t most_of_source(std::size_t open, const Limits& limits) {
  const std::size_t free = limits.connections - std::min(open, limits.connections);
  return std::clamp<std::size_t>(free * free / std::max<std::size_t>(limits.connections, 1), 1,
                                 std::max<std::size_t>(limits.connections_per_ip, 1));
}

}  // namespace

std::optional<Seat> Seat::take(Listener& listener, const boost::asio::ip::address& remote,
                               const Limits& limits) {
  const std::string source = source_of(remote);
  const std::lock_guard lock{listener.mutex};
  const auto known = listener.per_source.find(source);
  const std::size_t from_source = known == listener.per_source.end() ? 0 : known->second;
  if (listener.open >= limits.connections || from_source >= most_of_source(listener.open, limits)) {
    return std::nullopt;
  }
  const auto place = listener.per_source.try_emplace(source, 0).first;
  ++place->second;
  ++listener.open;
  return Seat{listener, place};
}

Seat::~Seat() {
  if (listener_ == nullptr) {
    return;
  }
  const std::lock_guard lock{listener_->mutex};
  --listener_->open;
  if (--source_->second == 0) {
    listener_->per_source.erase(source_);
  }
}

struct Server::State {
  State(Limits limits, Pools pools, std::size_t thread_count, std::function<void(const Access&)> on_access)
      : io_threads{std::max<std::size_t>(thread_count, 1)},
        shared{limits, pools, std::move(on_access)},
        work{io.get_executor()} {}

  void accept(Listener& listener);
  void take(Listener& listener, boost::asio::ip::tcp::socket socket);
  void accept_later(Listener& listener);
  void run();
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> open_connections();
  [[nodiscard]] bool quiet_within(std::chrono::milliseconds wait);
  // Handlers refer to us; their time is bounded by their own deadlines.
  void wait_for_handlers();

  const std::size_t io_threads;
  Shared shared;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::thread> threads;
};

Server::Server(Limits limits, Pools pools, std::size_t io_threads,
               std::function<void(const Access&)> on_access)
    : state_{std::make_unique<State>(limits, pools, io_threads, std::move(on_access))} {}

Server::~Server() {
  stop(std::chrono::milliseconds{0});
  state_->wait_for_handlers();
  state_->work.reset();
  // Everything is closed, so the loops end by themselves; connections must be gone before their listeners.
  for (std::thread& thread : state_->threads) {
    thread.join();
  }
  state_->io.poll();  // without start() nobody has run what stop() posted
}

void Server::listen(const ListenerOptions& options, const http::Router& router) {
  auto listener = std::make_unique<Listener>(state_->io, options, router);
  if (options.tls) {
    listener->tls = tls_for_asio(*options.tls);
  }
  try {
    const boost::asio::ip::tcp::endpoint endpoint{boost::asio::ip::make_address(options.address),
                                                  options.port};
    listener->acceptor.open(endpoint.protocol());
    listener->acceptor.set_option(boost::asio::socket_base::reuse_address{true});
    listener->acceptor.bind(endpoint);
    listener->acceptor.listen();
    listener->port = listener->acceptor.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    throw ca::Error{ca::Code::unavailable, "cannot listen on " + options.address + ":" +
                                               std::to_string(options.port) + ": " + error.code().message() +
                                               ": change listeners." + options.name +
                                               (error.code() == boost::system::errc::address_not_available ||
                                                        error.code() == boost::system::errc::invalid_argument
                                                    ? ".address"
                                                    : ".port")};
  }
  state_->listeners.push_back(std::move(listener));
}

std::uint16_t Server::port(const std::string& name) const {
  for (const auto& listener : state_->listeners) {
    if (listener->options.name == name) {
      return listener->port;
    }
  }
  throw ca::Error{ca::Code::internal, "no listener named " + name};
}

void Server::start() {
  for (const auto& listener : state_->listeners) {
    state_->accept(*listener);
  }
  for (std::size_t i = 0; i < state_->io_threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->run(); });
  }
}

void Server::reload_tls() {
  std::map<Listener*, std::shared_ptr<boost::asio::ssl::context>> loaded;  // all or none
  for (const auto& listener : state_->listeners) {
    if (listener->options.tls) {
      loaded[listener.get()] = tls_for_asio(*listener->options.tls);
    }
  }
  for (auto& [listener, context] : loaded) {
    const std::lock_guard lock{listener->mutex};
    listener->tls = std::move(context);
  }
}

void Server::drain() {
  state_->shared.stopping = true;
  for (const auto& listener : state_->listeners) {
    boost::asio::post(listener->acceptor.get_executor(), [listener = listener.get()] {
      boost::system::error_code ignored;
      listener->acceptor.close(ignored);
      listener->accept_again.cancel();
    });
  }
  for (const auto& connection : state_->open_connections()) {
    connection->drain();
  }
}

bool Server::quiet_within(std::chrono::milliseconds wait) { return state_->quiet_within(wait); }

void Server::stop(std::chrono::milliseconds grace) {
  drain();
  if (quiet_within(grace)) {
    return;
  }
  for (const auto& connection : state_->open_connections()) {
    connection->close_now();
  }
}

Counters Server::counters(const std::string& name) const {
  for (const auto& listener : state_->listeners) {
    if (listener->options.name == name) {
      return {listener->open,      listener->accepted,   listener->refused,
              listener->malformed, listener->timeouts,   listener->tls_failures,
              listener->requests,  listener->queue_full, listener->throttled};
    }
  }
  return {};
}

std::vector<std::shared_ptr<Connection>> Server::State::open_connections() {
  const std::lock_guard lock{shared.mutex};
  return {shared.connections.begin(), shared.connections.end()};
}

bool Server::State::quiet_within(std::chrono::milliseconds wait) {
  std::unique_lock lock{shared.mutex};
  return shared.quiet.wait_for(lock, wait,
                               [&] { return shared.in_flight == 0 && shared.connections.empty(); });
}

void Server::State::wait_for_handlers() {
  std::unique_lock lock{shared.mutex};
  shared.quiet.wait(lock, [&] { return shared.in_flight == 0; });
}

void Server::State::run() {
  while (true) {
    try {
      io.run();
      return;
    } catch (...) {
      // Connections end by what they throw; this is what is left (memory for a completion), and the other
      // connections go on (I16).
    }
  }
}

void Server::State::accept(Listener& listener) {
  listener.acceptor.async_accept(boost::asio::make_strand(io),
                                 [this, &listener](const boost::system::error_code& error, auto socket) {
                                   if (shared.stopping || error == boost::asio::error::operation_aborted) {
                                     return;
                                   }
                                   if (error) {
                                     accept_later(listener);
                                     return;
                                   }
                                   try {
                                     take(listener, boost::asio::ip::tcp::socket{std::move(socket)});
                                   } catch (...) {
                                     ++listener.refused;  // no memory for this one
                                   }
                                   accept(listener);
                                 });
}

// Out of descriptors or memory (a client that went away is no error here): those that are served go on, new
// ones wait.
void Server::State::accept_later(Listener& listener) {
  listener.accept_again.expires_after(kAcceptPause);
  listener.accept_again.async_wait([this, &listener](const boost::system::error_code& cancelled) {
    if (!cancelled && !shared.stopping) {
      accept(listener);
    }
  });
}

void Server::State::take(Listener& listener, boost::asio::ip::tcp::socket socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) {
    return;
  }
  const boost::asio::ip::address remote = plain(endpoint.address());
  socket.set_option(boost::asio::ip::tcp::no_delay{true}, error);
  auto seat = Seat::take(listener, remote, shared.limits);
  if (!seat) {
    ++listener.refused;
    return;  // the socket closes here
  }
  ++listener.accepted;
  auto connection = std::make_shared<Connection>(std::move(socket), remote.to_string(), source_of(remote),
                                                 std::move(*seat), listener, shared);
  {
    const std::lock_guard lock{shared.mutex};
    shared.connections.insert(connection);
  }
  connection->start();
}

}  // namespace net
