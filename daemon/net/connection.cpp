#include "daemon/net/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <functional>

#include "ca/base/arn.hpp"
#include "daemon/net/response_text.hpp"
#include "daemon/net/tls_context.hpp"

namespace net {
namespace {

constexpr std::size_t kChunkBytes = 8 * 1024;
// A part of an answer that must be taken within write_time: a large CRL may take longer, a reader that stands
// still may not.
constexpr std::size_t kSliceBytes = 256 * 1024;
constexpr std::size_t kLingerBytes = 1024 * 1024;
constexpr std::chrono::milliseconds kLingerTime{1000};
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

http::WorkerPool& pool_of(const Pools& pools, http::Pool pool) {
  switch (pool) {
    case http::Pool::issue:
      return pools.issue;
    case http::Pool::read:
      return pools.read;
    case http::Pool::status:
      return pools.status;
    case http::Pool::ops:
      return pools.ops;
  }
  return pools.read;
}

std::string source_of(const boost::asio::ip::address& remote) {
  if (!remote.is_v6() || remote.to_v6().is_v4_mapped()) {
    return remote.to_string();
  }
  // Whoever has one address of a /64 has all of them.
  auto network = remote.to_v6().to_bytes();
  std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return boost::asio::ip::address_v6{network}.to_string();
}

// Counts a request from before the pool knows it until nothing of it is left on a pool's thread.
class Ticket {
 public:
  explicit Ticket(Shared& shared) : shared_{shared} {
    const std::lock_guard lock{shared_.mutex};
    ++shared_.in_flight;
  }
  ~Ticket() {
    const std::lock_guard lock{shared_.mutex};
    --shared_.in_flight;
    shared_.quiet.notify_all();  // with the lock: the server may end right after it
  }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

 private:
  Shared& shared_;
};

}  // namespace

std::optional<Seat> Seat::take(Listener& listener, const boost::asio::ip::address& remote,
                               const Limits& limits) {
  const std::string source = source_of(remote);
  const std::lock_guard lock{listener.mutex};
  const auto known = listener.per_source.find(source);
  const std::size_t from_source = known == listener.per_source.end() ? 0 : known->second;
  if (listener.open >= limits.connections || from_source >= limits.connections_per_ip) {
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

// The ticket is the last to go: with it gone, the server may be gone.
struct Connection::Job {
  Job(std::shared_ptr<Connection> the_connection, const http::Route& the_route)
      : ticket{the_connection->shared_}, connection{std::move(the_connection)}, route{the_route} {}

  void run() {
    http::HttpResponse response;
    std::string failure;
    try {
      response = route.handler(request);
    } catch (const std::exception& error) {
      failure = error.what();
    } catch (...) {
      failure = "not a std::exception";
    }
    if (!failure.empty()) {
      response = problem(500, "the request could not be served");
    }
    auto back = [to = connection, answer = std::move(response), why = std::move(failure)]() mutable {
      to->failure_ = std::move(why);
      to->answer(std::move(answer));
    };
    boost::asio::post(connection->socket_.get_executor(), std::move(back));
  }

  Ticket ticket;
  std::shared_ptr<Connection> connection;
  const http::Route& route;
  http::HttpRequest request;
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

void Connection::read_some() {
  const auto into = boost::asio::buffer(chunk_);
  auto done = then([](Connection& self, const Failure& error, std::size_t size) {
    if (self.phase_ == Phase::body) {
      self.on_body_bytes(error, size);
    } else {
      self.on_head_bytes(error, size);
    }
  });
  if (tls_) {
    tls_->async_read_some(into, std::move(done));
  } else {
    socket_.async_read_some(into, std::move(done));
  }
}

template <typename Buffers, typename Then>
void Connection::write(const Buffers& buffers, Then done) {
  if (tls_) {
    boost::asio::async_write(*tls_, buffers, std::move(done));
  } else {
    boost::asio::async_write(socket_, buffers, std::move(done));
  }
}

Connection::Connection(boost::asio::ip::tcp::socket socket, std::string remote_ip, Seat seat,
                       Listener& listener, Shared& shared)
    : seat_{std::move(seat)},
      socket_{std::move(socket)},
      timer_{socket_.get_executor()},
      remote_ip_{std::move(remote_ip)},
      listener_{listener},
      shared_{shared},
      chunk_(kChunkBytes) {
  const std::lock_guard lock{listener_.mutex};
  tls_context_ = listener_.tls;
  if (tls_context_) {
    tls_.emplace(socket_, *tls_context_);
  }
}

void Connection::start() {
  boost::asio::post(socket_.get_executor(), then([](Connection& self) {
                      if (self.shared_.stopping) {
                        self.close();
                      } else if (self.tls_) {
                        self.handshake();
                      } else {
                        self.read_head();
                      }
                    }));
}

void Connection::handshake() {
  phase_ = Phase::handshake;
  arm(shared_.limits.handshake_time);
  tls_->async_handshake(boost::asio::ssl::stream_base::server, then(&Connection::on_handshake));
}

void Connection::on_handshake(const Failure& error) {
  if (phase_ == Phase::closed) {
    return;
  }
  if (error) {
    ++listener_.tls_failures;
    phase_ = Phase::lingering;  // the alert is written: let the client read why
    arm(kLingerTime);
    Failure ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    discard();
    return;
  }
  client_certificate_ = verified_peer_certificate(tls_->native_handle());
  read_head();
}

void Connection::read_head() {
  if (shared_.stopping || closing_) {
    finish();
    return;
  }
  phase_ = received_.empty() ? Phase::idle : Phase::head;
  arm(received_.empty() ? shared_.limits.idle_time : shared_.limits.header_time);
  if (const auto end = received_.find(kHeadEnd); end != std::string::npos) {
    take_head(end + kHeadEnd.size());
    return;
  }
  read_some();
}

void Connection::on_head_bytes(const Failure& error, std::size_t size) {
  if (phase_ == Phase::closed) {
    return;
  }
  if (timed_out_ && phase_ == Phase::head) {
    refuse(408, "the request header did not arrive in time");
    return;
  }
  if (error) {
    // Cancelled by us: say so. Anything else: there is nobody to say it to.
    if (timed_out_ || closing_) {
      finish();
    } else {
      close();
    }
    return;
  }
  timed_out_ = false;  // bytes that came together with the end of an idle wait are served
  if (phase_ == Phase::idle) {
    phase_ = Phase::head;
    arm(shared_.limits.header_time);  // the whole header, from its first byte: slow senders do not renew it
  }
  const std::size_t seen = std::max(received_.size(), kHeadEnd.size() - 1) - (kHeadEnd.size() - 1);
  received_.append(chunk_.data(), size);
  if (const auto end = received_.find(kHeadEnd, seen); end != std::string::npos) {
    take_head(end + kHeadEnd.size());
  } else if (received_.size() > shared_.limits.header_bytes) {
    refuse(431, "the header is larger than " + std::to_string(shared_.limits.header_bytes) + " bytes");
  } else if (hopeless(received_, seen)) {
    refuse(400, "this is not HTTP/1.1: lines of text that end with CR LF were expected");
  } else {
    read_some();
  }
}

void Connection::take_head(std::size_t size) {
  request_id_ = ca::random_uuid();
  began_ = std::chrono::steady_clock::now();
  if (size > shared_.limits.header_bytes) {
    refuse(431, "the header is larger than " + std::to_string(shared_.limits.header_bytes) + " bytes");
    return;
  }
  try {
    head_ = parse_head(std::string_view{received_}.substr(0, size),
                       {.fields = shared_.limits.header_fields, .body_bytes = listener_.max_body});
  } catch (const BadRequest& bad) {
    refuse(bad.status(), bad.what());
    return;
  }
  received_.erase(0, size);
  route_ = listener_.router.find(head_.method, head_.path).route;
  const std::size_t max_body = route_ != nullptr ? route_->max_body : listener_.max_body;
  if (head_.content_length > max_body) {
    refuse(413, "the body is larger than " + std::to_string(max_body) + " bytes");
    return;
  }
  if (head_.chunked) {
    chunks_.emplace(max_body);
  }
  phase_ = Phase::body;
  arm(shared_.limits.body_time);
  const bool body_to_come = head_.chunked || received_.size() < head_.content_length;
  if (!head_.expects_continue || !body_to_come) {
    read_body();
  } else if (route_ == nullptr) {
    closing_ = true;  // the answer comes instead of 100, and whether the body comes then is not known
    dispatch();
  } else {
    say_continue();
  }
}

void Connection::say_continue() {
  write(boost::asio::buffer(kContinue), then([](Connection& self, const Failure& error, std::size_t) {
          if (error) {
            self.close();
          } else {
            self.read_body();
          }
        }));
}

void Connection::read_body() {
  if (phase_ == Phase::closed) {
    return;
  }
  bool complete = false;
  try {
    complete = take_body();
  } catch (const BadRequest& bad) {
    refuse(bad.status(), bad.what());
    return;
  }
  if (complete) {
    dispatch();
  } else if (timed_out_) {
    refuse(408, "the request body did not arrive in time");
  } else {
    read_some();
  }
}

bool Connection::take_body() {
  if (!chunks_) {
    return received_.size() >= head_.content_length;
  }
  received_.erase(0, chunks_->read(received_));
  return chunks_->complete();
}

void Connection::on_body_bytes(const Failure& error, std::size_t size) {
  if (error && !timed_out_) {
    close();
    return;
  }
  received_.append(chunk_.data(), size);
  read_body();
}

void Connection::dispatch() {
  disarm();  // the handler has its own bounds
  phase_ = Phase::handling;
  timed_out_ = false;
  ++listener_.requests;
  if (route_ != nullptr) {
    hand_over(*route_);
    return;
  }
  received_.erase(0, head_.content_length);
  if (!listener_.router.find(head_.method, head_.path).path_known) {
    answer(problem(404, "there is nothing at this path"));
    return;
  }
  http::HttpResponse response = problem(405, "this path does not take the method " + head_.method);
  response.headers.emplace_back("Allow", listener_.router.allowed(head_.path));
  answer(std::move(response));
}

void Connection::hand_over(const http::Route& route) {
  const auto job = std::make_shared<Job>(shared_from_this(), route);
  http::HttpRequest& request = job->request;
  request.method = head_.method;
  request.target = head_.target;
  request.path = head_.path;
  request.query = head_.query;
  request.headers = head_.headers;
  if (chunks_) {
    request.body = std::move(chunks_->body());
  } else {
    request.body = received_.substr(0, head_.content_length);
    received_.erase(0, head_.content_length);
  }
  request.remote_ip = remote_ip_;
  request.request_id = request_id_;
  request.client_certificate = client_certificate_;
  http::HttpResponse refusal;
  try {
    if (pool_of(shared_.pools, route.pool(request)).try_post([job] { job->run(); })) {
      return;
    }
    ++listener_.queue_full;
    if (route.when_full) {
      refusal = route.when_full(request);
    } else {
      refusal = problem(503, "too many requests wait; send it again");
      refusal.headers.emplace_back("Retry-After", "1");
    }
  } catch (const std::exception& error) {
    failure_ = error.what();
    refusal = problem(500, "the request could not be served");
  }
  answer(std::move(refusal));
}

void Connection::answer(http::HttpResponse response) {
  if (phase_ == Phase::closed) {
    return;
  }
  try {
    closing_ = closing_ || !head_.keep_alive || shared_.stopping;
    response_ = std::move(response);
    response_head_ = response_head(response_, {.request_id = request_id_, .close = closing_});
    body_size_ = may_have_body(head_.method, response_.status) ? response_.body.size() : 0;
    body_written_ = 0;
    head_written_ = false;
    phase_ = Phase::writing;
    write_slice();
  } catch (...) {
    close();
  }
}

// The request is not understood or not complete: answer once and close, whatever else was sent.
void Connection::refuse(int status, const std::string& detail) {
  ++(status == 408 ? listener_.timeouts : listener_.malformed);
  closing_ = true;
  timed_out_ = false;
  received_.clear();
  if (request_id_.empty()) {
    request_id_ = ca::random_uuid();
    began_ = std::chrono::steady_clock::now();
  }
  answer(problem(status, detail));
}

void Connection::write_slice() {
  arm(shared_.limits.write_time);
  const std::size_t size = std::min(body_size_ - body_written_, kSliceBytes);
  const std::array<boost::asio::const_buffer, 2> buffers{
      boost::asio::buffer(head_written_ ? std::string_view{} : std::string_view{response_head_}),
      boost::asio::buffer(response_.body.data() + body_written_, size)};
  write(buffers, then(&Connection::on_written));
}

void Connection::on_written(const Failure& error, std::size_t size) {
  if (phase_ == Phase::closed) {
    return;
  }
  body_written_ += size - (head_written_ ? 0 : std::min(size, response_head_.size()));
  if (!error && body_written_ < body_size_) {
    head_written_ = true;
    write_slice();
    return;
  }
  report();
  if (error) {
    close();
  } else if (closing_) {
    finish();
  } else {
    next_request();
  }
}

void Connection::report() {
  if (!shared_.on_access) {
    return;
  }
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  shared_.on_access({.listener = listener_.options.name,
                     .method = head_.method,
                     .path = head_.path,
                     .remote_ip = remote_ip_,
                     .request_id = request_id_,
                     .status = response_.status,
                     .response_bytes = response_head_.size() + body_written_,
                     .duration = took,
                     .failure = failure_});
}

void Connection::next_request() {
  head_ = {};
  route_ = nullptr;
  chunks_.reset();
  request_id_.clear();
  failure_.clear();
  response_ = {};
  if (received_.empty()) {
    received_.shrink_to_fit();  // thousands of idle connections must not keep the largest bodies they sent
  }
  read_head();
}

void Connection::finish() {
  if (phase_ == Phase::closed || phase_ == Phase::lingering) {
    return;
  }
  phase_ = Phase::lingering;
  response_ = {};
  arm(kLingerTime);
  const auto end_of_ours = [](Connection& self, const Failure&) {
    if (self.phase_ != Phase::closed) {
      Failure ignored;
      self.socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
      self.discard();
    }
  };
  if (tls_) {
    tls_->async_shutdown(then(end_of_ours));  // close_notify; ends early when the peer sends on
  } else {
    end_of_ours(*this, {});
  }
}

void Connection::discard() {
  socket_.async_read_some(boost::asio::buffer(chunk_),
                          then([](Connection& self, const Failure& error, std::size_t size) {
                            self.discarded_ += size;
                            if (error || self.discarded_ > kLingerBytes) {
                              self.close();
                            } else {
                              self.discard();
                            }
                          }));
}

void Connection::arm(std::chrono::milliseconds wait) {
  const std::uint64_t generation = ++timer_generation_;
  timer_.expires_after(wait);
  timer_.async_wait(then([generation](Connection& self, const Failure& error) {
    if (!error && generation == self.timer_generation_) {
      self.on_timeout();
    }
  }));
}

void Connection::disarm() {
  ++timer_generation_;
  timer_.cancel();
}

void Connection::on_timeout() {
  Failure ignored;
  switch (phase_) {
    case Phase::idle:
    case Phase::head:
    case Phase::body:
      timed_out_ = true;
      socket_.cancel(ignored);  // the pending read then ends the wait in its own way
      return;
    case Phase::handshake:
      ++listener_.timeouts;
      break;
    case Phase::writing:
      ++listener_.timeouts;
      // The kernel need not keep the bytes that this reader does not take.
      socket_.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
      report();
      break;
    case Phase::handling:
    case Phase::lingering:
    case Phase::closed:
      break;
  }
  close();
}

void Connection::drain() {
  boost::asio::post(socket_.get_executor(), then([](Connection& self) {
                      self.closing_ = true;
                      if (self.phase_ == Phase::idle) {
                        Failure ignored;
                        self.socket_.cancel(ignored);
                      } else if (self.phase_ == Phase::handshake) {
                        self.close();
                      }
                    }));
}

void Connection::close_now() {
  boost::asio::post(socket_.get_executor(), then([](Connection& self) { self.close(); }));
}

void Connection::close() {
  if (phase_ == Phase::closed) {
    return;
  }
  phase_ = Phase::closed;
  disarm();
  Failure ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  const auto self = shared_from_this();
  const std::lock_guard lock{shared_.mutex};
  shared_.connections.erase(self);
  shared_.quiet.notify_all();
}

}  // namespace net
