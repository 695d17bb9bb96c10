#include "daemon/net/connection.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

#include "ca/base/arn.hpp"
#include "daemon/net/response_text.hpp"

namespace net {
namespace {

constexpr std::size_t kChunkBytes = 16 * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

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

}  // namespace

Connection::Connection(boost::asio::ip::tcp::socket socket, std::string remote_ip, Listener& listener,
                       Shared& shared)
    : socket_{std::move(socket)},
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

Connection::~Connection() {
  const std::lock_guard lock{listener_.mutex};
  --listener_.open;
  const auto found = listener_.per_ip.find(remote_ip_);
  if (found != listener_.per_ip.end() && --found->second == 0) {
    listener_.per_ip.erase(found);
  }
}

void Connection::start() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->tls_ && !self->shared_.stopping) {
      self->handshake();
    } else {
      self->read_head();
    }
  });
}

void Connection::handshake() {
  phase_ = Phase::handshake;
  arm(shared_.limits.handshake_time);
  tls_->async_handshake(boost::asio::ssl::stream_base::server,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (error) {
                            ++self->listener_.tls_failures;
                            self->close();
                            return;
                          }
                          self->read_head();
                        });
}

void Connection::read_some(char* into, std::size_t size,
                           void (Connection::*then)(const boost::system::error_code&, std::size_t)) {
  auto done = [self = shared_from_this(), then](const boost::system::error_code& error, std::size_t got) {
    ((*self).*then)(error, got);
  };
  if (tls_) {
    tls_->async_read_some(boost::asio::buffer(into, size), std::move(done));
  } else {
    socket_.async_read_some(boost::asio::buffer(into, size), std::move(done));
  }
}

void Connection::read_head() {
  if (shared_.stopping || closing_) {
    close();
    return;
  }
  phase_ = received_.empty() ? Phase::idle : Phase::head;
  arm(received_.empty() ? shared_.limits.idle_time : shared_.limits.header_time);
  if (const auto end = received_.find(kHeadEnd); end != std::string::npos) {
    take_head(end + kHeadEnd.size());
    return;
  }
  read_some(chunk_.data(), chunk_.size(), &Connection::on_head_bytes);
}

void Connection::on_head_bytes(const boost::system::error_code& error, std::size_t size) {
  if (timed_out_ && phase_ == Phase::head) {
    refuse(408, "the request header did not arrive in time");
    return;
  }
  if (error || phase_ == Phase::closed) {
    close();
    return;
  }
  if (phase_ == Phase::idle) {
    phase_ = Phase::head;
    arm(shared_.limits.header_time);  // the whole header, from its first byte: slow senders do not renew it
  }
  received_.append(chunk_.data(), size);
  if (const auto end = received_.find(kHeadEnd); end != std::string::npos) {
    take_head(end + kHeadEnd.size());
  } else if (received_.size() > shared_.limits.header_bytes) {
    refuse(431,
           "the request header is larger than " + std::to_string(shared_.limits.header_bytes) + " bytes");
  } else if (hopeless(received_)) {
    refuse(400, "this is not HTTP");
  } else {
    read_some(chunk_.data(), chunk_.size(), &Connection::on_head_bytes);
  }
}

void Connection::take_head(std::size_t size) {
  began_ = std::chrono::steady_clock::now();
  request_id_ = ca::random_uuid();
  if (size > shared_.limits.header_bytes) {
    refuse(431,
           "the request header is larger than " + std::to_string(shared_.limits.header_bytes) + " bytes");
    return;
  }
  try {
    head_ = parse_head(std::string_view{received_}.substr(0, size),
                       {.fields = shared_.limits.header_fields, .body_bytes = listener_.router.max_body()});
  } catch (const BadHead& bad) {
    refuse(bad.status(), bad.what());
    return;
  }
  received_.erase(0, size);
  const auto match = listener_.router.find(head_.method, head_.path);
  if (match.route != nullptr && head_.content_length > match.route->max_body) {
    refuse(413, "the body is larger than " + std::to_string(match.route->max_body) + " bytes");
    return;
  }
  phase_ = Phase::body;
  arm(shared_.limits.body_time);
  if (head_.expects_continue && received_.size() < head_.content_length) {
    outgoing_ = "HTTP/1.1 100 Continue\r\n\r\n";
    auto done = [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
      if (error) {
        self->close();
        return;
      }
      self->read_body();
    };
    if (tls_) {
      boost::asio::async_write(*tls_, boost::asio::buffer(outgoing_), std::move(done));
    } else {
      boost::asio::async_write(socket_, boost::asio::buffer(outgoing_), std::move(done));
    }
    return;
  }
  read_body();
}

void Connection::read_body() {
  if (received_.size() >= head_.content_length) {
    dispatch();
    return;
  }
  auto more = [](Connection& self, const boost::system::error_code& error, std::size_t size) {
    if (self.timed_out_) {
      self.refuse(408, "the request body did not arrive in time");
    } else if (error) {
      self.close();
    } else {
      self.received_.append(self.chunk_.data(), size);
      self.read_body();
    }
  };
  auto done = [self = shared_from_this(), more](const boost::system::error_code& error, std::size_t size) {
    more(*self, error, size);
  };
  if (tls_) {
    tls_->async_read_some(boost::asio::buffer(chunk_), std::move(done));
  } else {
    socket_.async_read_some(boost::asio::buffer(chunk_), std::move(done));
  }
}

void Connection::dispatch() {
  ++timer_generation_;  // the handler has its own bounds
  timer_.cancel();
  phase_ = Phase::handling;
  ++listener_.requests;
  const auto match = listener_.router.find(head_.method, head_.path);
  if (match.route == nullptr) {
    received_.erase(0, head_.content_length);
    answer(match.path_known ? problem(405, "this path does not take the method " + head_.method)
                            : problem(404, "there is nothing at this path"));
    return;
  }
  hand_over(*match.route);
}

void Connection::hand_over(const http::Route& route) {
  auto request = std::make_shared<http::HttpRequest>();
  request->method = head_.method;
  request->target = head_.target;
  request->path = head_.path;
  request->query = head_.query;
  request->headers = head_.headers;
  request->body = received_.substr(0, head_.content_length);
  received_.erase(0, head_.content_length);
  request->remote_ip = remote_ip_;
  request->request_id = request_id_;
  request->client_certificate = client_certificate();
  {
    const std::lock_guard lock{shared_.mutex};
    ++shared_.in_flight;
  }
  const auto task = [self = shared_from_this(), request, &route] {
    http::HttpResponse response;
    try {
      response = route.handler(*request);
    } catch (const std::exception&) {
      response = problem(500, "the request could not be served");
    }
    boost::asio::post(self->socket_.get_executor(),
                      [self, answer = std::move(response)]() mutable { self->answer(std::move(answer)); });
    const std::lock_guard lock{self->shared_.mutex};
    --self->shared_.in_flight;
    self->shared_.quiet.notify_all();
  };
  if (pool_of(shared_.pools, route.pool(*request)).try_post(task)) {
    return;
  }
  ++listener_.queue_full;
  {
    const std::lock_guard lock{shared_.mutex};
    --shared_.in_flight;
    shared_.quiet.notify_all();
  }
  answer(route.when_full ? route.when_full(*request) : problem(503, "too many requests wait; try again"));
}

void Connection::answer(http::HttpResponse response) {
  if (phase_ == Phase::closed) {
    return;
  }
  closing_ = closing_ || !head_.keep_alive || shared_.stopping;
  status_ = response.status;
  outgoing_ = serialize(response,
                        {.request_id = request_id_, .close = closing_, .head_only = head_.method == "HEAD"});
  phase_ = Phase::writing;
  arm(shared_.limits.write_time);
  auto done = [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
    self->on_written(error);
  };
  if (tls_) {
    boost::asio::async_write(*tls_, boost::asio::buffer(outgoing_), std::move(done));
  } else {
    boost::asio::async_write(socket_, boost::asio::buffer(outgoing_), std::move(done));
  }
}

// The request is not understood or not complete: answer once and close, whatever else was sent.
void Connection::refuse(int status, const std::string& detail) {
  if (status == 408) {
    ++listener_.timeouts;
  } else {
    ++listener_.malformed;
  }
  closing_ = true;
  timed_out_ = false;
  received_.clear();
  if (request_id_.empty()) {
    request_id_ = ca::random_uuid();
  }
  answer(problem(status, detail));
}

void Connection::on_written(const boost::system::error_code& error) {
  if (shared_.on_access) {
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
    shared_.on_access({.listener = listener_.options.name,
                       .method = head_.method,
                       .path = head_.path,
                       .remote_ip = remote_ip_,
                       .request_id = request_id_,
                       .status = status_,
                       .response_bytes = outgoing_.size(),
                       .duration = took});
  }
  if (error || closing_) {
    close();
    return;
  }
  head_ = {};
  outgoing_.clear();
  request_id_.clear();
  read_head();
}

void Connection::arm(std::chrono::milliseconds wait) {
  const std::uint64_t generation = ++timer_generation_;
  timer_.expires_after(wait);
  timer_.async_wait([self = shared_from_this(), generation](const boost::system::error_code& error) {
    if (!error && generation == self->timer_generation_) {
      self->on_timeout();
    }
  });
}

void Connection::on_timeout() {
  const bool can_answer = phase_ == Phase::head || phase_ == Phase::body;
  if (!can_answer) {
    ++listener_.timeouts;
    close();
    return;
  }
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);  // the pending read then answers 408
}

void Connection::drain() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->closing_ = true;
    if (self->phase_ == Phase::idle || self->phase_ == Phase::handshake) {
      self->close();
    }
  });
}

void Connection::close_now() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
}

void Connection::close() {
  if (phase_ == Phase::closed) {
    return;
  }
  phase_ = Phase::closed;
  ++timer_generation_;
  timer_.cancel();
  boost::system::error_code ignored;
  if (tls_ && closing_) {
    SSL_shutdown(tls_->native_handle());  // queues close_notify; what the peer does with it does not matter
  }
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  const std::lock_guard lock{shared_.mutex};
  shared_.connections.erase(shared_from_this());
  shared_.quiet.notify_all();
}

std::optional<ca::Bytes> Connection::client_certificate() const {
  if (!tls_) {
    return std::nullopt;
  }
  SSL* ssl = const_cast<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>&>(*tls_).native_handle();
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) {
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) {
    return std::nullopt;
  }
  ca::Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace net
