#include "daemon/net/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "ca/base/arn.hpp"
#include "daemon/net/response_text.hpp"
#include "daemon/net/tls_context.hpp"

namespace net {
namespace {

constexpr std::size_t kChunkBytes = 8 * 1024;
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;  // more than the largest body of any route
constexpr std::chrono::milliseconds kLingerTime{1000};
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::size_t body_bound(const http::Route* route, const http::HttpRequest& head) {
  if (route == nullptr) {
    return http::kOrdinaryBody;
  }
  return route->body_bound ? std::min(route->body_bound(head), route->max_body) : route->max_body;
}

}  // namespace

std::optional<LargeBody> LargeBody::take(std::atomic<std::size_t>& held, std::size_t bytes,
                                         std::size_t bound) {
  std::size_t now = held;
  do {
    if (bytes > bound || now > bound - bytes) {
      return std::nullopt;
    }
  } while (!held.compare_exchange_weak(now, now + bytes));
  return LargeBody{held, bytes};
}

LargeBody::~LargeBody() {
  if (held_ != nullptr) {
    *held_ -= bytes_;
  }
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

Connection::Connection(boost::asio::ip::tcp::socket socket, std::string remote_ip, std::string remote_network,
                       Seat seat, Listener& listener, Shared& shared)
    : seat_{std::move(seat)},
      socket_{std::move(socket)},
      timer_{socket_.get_executor()},
      remote_ip_{std::move(remote_ip)},
      remote_network_{std::move(remote_network)},
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
    refuse(400, "this is not HTTP: lines of text that end with CR LF were expected");
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
    head_ = parse_head(std::string_view{received_}.substr(0, size), {.fields = shared_.limits.header_fields});
  } catch (const BadRequest& bad) {
    refuse(bad.status(), bad.what());
    return;
  }
  received_.erase(0, size);
  request_ = {.method = head_.method,
              .target = head_.target,
              .path = head_.path,
              .query = head_.query,
              .headers = std::move(head_.headers),
              .body = {},
              .remote_ip = remote_ip_,
              .remote_network = remote_network_,
              .request_id = request_id_,
              .client_certificate = client_certificate_,
              .proved = {}};
  const auto content_type = request_.header("content-type").value_or("");
  route_ = listener_.router.find(head_.method, head_.path, content_type).route;
  expect_body();
}

void Connection::expect_body() {
  const std::size_t max_body = body_bound(route_, request_);
  if (head_.content_length > max_body) {
    if (route_ != nullptr && route_->when_too_large) {
      refuse(route_->when_too_large(request_));
    } else {
      refuse(413, "the body is larger than " + std::to_string(max_body) + " bytes");
    }
    return;
  }
  const std::size_t to_hold = head_.chunked ? max_body : head_.content_length;
  if (to_hold > http::kOrdinaryBody) {
    large_body_ = LargeBody::take(shared_.large_bodies, to_hold, shared_.limits.large_bodies);
    if (!large_body_) {
      refuse(not_now(503, route_->when_full, request_, "other large bodies have the memory for them"));
      return;
    }
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
