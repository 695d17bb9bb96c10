// From the whole request to the written answer: Connection's second half.
#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "ca/base/arn.hpp"
#include "daemon/net/connection.hpp"
#include "daemon/net/response_text.hpp"

namespace net {
namespace {

// A part of an answer that must be taken within write_time: a large CRL may take longer, a reader that stands
// still may not.
constexpr std::size_t kSliceBytes = 256 * 1024;

http::WorkerPool& pool_of(const Pools& pools, http::Pool pool) {
  switch (pool) {
    case http::Pool::issue:
      return pools.issue;
    case http::Pool::change:
      return pools.change;
    case http::Pool::read:
      return pools.read;
    case http::Pool::status:
      return pools.status;
    case http::Pool::ops:
      return pools.ops;
  }
  return pools.read;
}

http::HttpResponse not_served(const std::string& cause) {
  http::HttpResponse response = problem(500, "the request could not be served");
  response.cause = cause;
  return response;
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

// The ticket is the last to go: with it gone, the server may be gone.
struct Connection::Job {
  Job(std::shared_ptr<Connection> the_connection, const http::Route& the_route)
      : ticket{the_connection->shared_}, connection{std::move(the_connection)}, route{the_route} {}

  void run() {
    http::HttpResponse response;
    try {
      response = route.handler(request);
    } catch (const std::exception& error) {
      response = not_served(error.what());
    } catch (...) {
      response = not_served("not a std::exception");
    }
    auto back = [to = connection, answer = std::move(response)]() mutable { to->answer(std::move(answer)); };
    boost::asio::post(connection->socket_.get_executor(), std::move(back));
  }

  Ticket ticket;
  std::shared_ptr<Connection> connection;
  const http::Route& route;
  http::HttpRequest request;
  std::optional<LargeBody> large_body;
};

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
  if (chunks_) {
    request_.body = std::move(chunks_->body());
  } else {
    request_.body = received_.substr(0, head_.content_length);
    received_.erase(0, head_.content_length);
  }
  if (auto response = route.at_once ? route.at_once(request_) : std::nullopt) {
    answer(*std::move(response));
    return;
  }
  const auto job = std::make_shared<Job>(shared_from_this(), route);
  job->request = std::move(request_);
  job->large_body = std::exchange(large_body_, std::nullopt);
  std::optional<http::HttpResponse> refusal;
  try {
    refusal = post(job);
  } catch (const std::exception& error) {
    refusal = not_served(error.what());
  }
  if (refusal) {
    answer(*std::move(refusal));
  }
}

// Empty when the pool has the job.
std::optional<http::HttpResponse> Connection::post(const std::shared_ptr<Job>& job) {
  const http::Route& route = job->route;
  http::HttpRequest& request = job->request;
  const std::string share = route.share_of ? route.share_of(request) : std::string{};
  if (!share.empty() && !shared_.rate.admit(share, std::chrono::steady_clock::now())) {
    ++listener_.throttled;
    return not_now(429, route.when_throttled, request, "its sender is over its rate of requests");
  }
  switch (pool_of(shared_.pools, route.pool(request)).post(share, [job] { job->run(); })) {
    case http::WorkerPool::Posted::taken:
      return std::nullopt;
    case http::WorkerPool::Posted::share_used:
      ++listener_.throttled;
      return not_now(429, route.when_throttled, request,
                     "its sender has all places in its pool that it may have");
    case http::WorkerPool::Posted::queue_full:
      break;
  }
  ++listener_.queue_full;
  return not_now(503, route.when_full, request, "the queue of its pool is full");
}

void Connection::answer(http::HttpResponse response) {
  if (phase_ == Phase::closed) {
    return;
  }
  try {
    closing_ = closing_ || !head_.keep_alive || shared_.stopping;
    response_ = std::move(response);
    response_head_ = response_head(response_, {.request_id = request_id_, .close = closing_});
    body_size_ = may_have_body(head_.method, response_.status) ? response_.payload().size() : 0;
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
  timed_out_ = false;
  if (request_id_.empty()) {
    request_id_ = ca::random_uuid();
    began_ = std::chrono::steady_clock::now();
  }
  refuse(problem(status, detail));
}

void Connection::refuse(http::HttpResponse refusal) {
  closing_ = true;
  received_.clear();
  answer(std::move(refusal));
}

void Connection::write_slice() {
  arm(shared_.limits.write_time);
  const std::size_t size = std::min(body_size_ - body_written_, kSliceBytes);
  const std::array<boost::asio::const_buffer, 2> buffers{
      boost::asio::buffer(head_written_ ? std::string_view{} : std::string_view{response_head_}),
      boost::asio::buffer(response_.payload().data() + body_written_, size)};
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
                     .cause = response_.cause,
                     .routine = response_.routine});
}

void Connection::next_request() {
  head_ = {};
  request_ = {};
  large_body_.reset();
  route_ = nullptr;
  chunks_.reset();
  request_id_.clear();
  response_ = {};
  if (received_.empty()) {
    received_.shrink_to_fit();  // thousands of idle connections must not keep the largest bodies they sent
  }
  read_head();
}

}  // namespace net
