#include "tests/integration/net/world.hpp"

#include <stdexcept>

#include "tests/integration/net/tls_client.hpp"

namespace {

http::HttpResponse text(std::string body) {
  http::HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

http::HttpResponse who(const http::HttpRequest& request) {
  return text(request.method + " " + request.path + " ?" + request.query + " from " + request.remote_ip +
              " id " + request.request_id + " certificate " +
              (request.client_certificate ? std::to_string(request.client_certificate->size()) : "none"));
}

}  // namespace

World::World(Wanted wanted)
    : pool{std::make_unique<http::WorkerPool>(http::WorkerPoolOptions{
          .name = "test", .threads = wanted.pool_threads, .max_queued = wanted.pool_queue})} {
  add_routes();
  net::Pools pools{*pool, *pool, *pool, other_pool, other_pool};
  server = std::make_unique<net::Server>(wanted.limits, pools, 2, [this](const net::Access& access) {
    const std::lock_guard lock{mutex_};
    accesses_.push_back(access);
  });
  tls = wanted.tls.has_value();
  server->listen({.name = "test", .address = "127.0.0.1", .port = 0, .tls = wanted.tls}, router);
  server->start();
}

World::~World() {
  barrier.open();
  server.reset();
}

std::vector<net::Access> World::accesses() {
  const std::lock_guard lock{mutex_};
  return accesses_;
}

bool World::serves() const {
  const std::unique_ptr<Client> client =
      tls ? std::make_unique<TlsClient>(port()) : std::make_unique<Client>(port());
  client->send(post("/echo", "still there"));
  const std::string answer = client->answer();
  return status_of(answer) == 200 && body_of(answer) == "still there";
}

void World::add_routes() {
  const auto add = [this](const std::string& method, const std::string& path, http::Handler handler,
                          http::Pool where = http::Pool::read, http::Handler when_full = nullptr) {
    http::Route route;
    route.method = method;
    route.path = path;
    route.pool = [where](const http::HttpRequest&) { return where; };
    route.handler = std::move(handler);
    route.when_full = std::move(when_full);
    route.max_body = path == "/small" ? 10 : 64 * 1024;
    router.add(std::move(route));
  };
  const auto hold = [this](const http::HttpRequest&) {
    barrier.wait();
    return text("held");
  };
  add(
      "POST", "/echo", [](const http::HttpRequest& request) { return text(request.body); },
      http::Pool::status);
  add("POST", "/small", [](const http::HttpRequest& request) { return text(request.body); });
  add("GET", "/who", who);
  add("GET", "/hold", hold);
  add("GET", "/hold-full", hold, http::Pool::issue, [](const http::HttpRequest&) {
    http::HttpResponse response = text("later");
    response.status = 429;
    return response;
  });
  add("GET", "/throw",
      [](const http::HttpRequest&) -> http::HttpResponse { throw std::runtime_error{"escaped"}; });
  add("GET", "/throw-int", [](const http::HttpRequest&) -> http::HttpResponse { throw 7; });
  add("GET", "/large", [](const http::HttpRequest&) { return text(std::string(8 * 1024 * 1024, 'x')); });
  http::Route at_once;
  at_once.method = "POST";
  at_once.path = "/at-once";
  at_once.pool = [](const http::HttpRequest&) { return http::Pool::issue; };
  at_once.at_once = [](const http::HttpRequest& request) {
    return request.query.empty() ? std::optional{text("at once: " + request.body)} : std::nullopt;
  };
  at_once.handler = hold;
  router.add(std::move(at_once));
  http::Route by_head;
  by_head.method = "POST";
  by_head.path = "/by-head";
  by_head.pool = [](const http::HttpRequest&) { return http::Pool::read; };
  by_head.handler = [this](const http::HttpRequest& request) {
    if (request.header("X-Hold")) {
      barrier.wait();
    }
    return text(std::to_string(request.body.size()));
  };
  by_head.max_body = kLargestBody;
  by_head.body_bound = [](const http::HttpRequest& head) {
    return head.header("X-Known") ? kLargestBody : http::kOrdinaryBody;
  };
  by_head.when_too_large = [](const http::HttpRequest& head) {
    http::HttpResponse response = text("too large for " + head.path);
    response.status = 413;
    return response;
  };
  router.add(std::move(by_head));
  for (const char* path : {"/mine", "/mine-at-once"}) {
    http::Route mine;
    mine.method = "GET";
    mine.path = path;
    mine.pool = [](const http::HttpRequest&) { return http::Pool::read; };
    mine.handler = path == std::string{"/mine"} ? http::Handler{hold} : http::Handler{who};
    mine.share_of = [](http::HttpRequest& request) {
      return std::string{request.header("X-Sender").value_or(request.remote_network)};
    };
    router.add(std::move(mine));
  }
  http::Route bad;
  bad.method = "GET";
  bad.path = "/bad-pool";
  bad.pool = [](const http::HttpRequest&) -> http::Pool { throw std::runtime_error{"no pool"}; };
  router.add(std::move(bad));
}
