#include <future>

#include "ca/base/error.hpp"
#include "tests/integration/net/world.hpp"
#include "tests/support/catch.hpp"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

bool nobody_listens(std::uint16_t port) {
  try {
    const Client probe{port};
    return false;
  } catch (const std::exception&) {
    return true;
  }
}

}  // namespace

TEST_CASE("stop: a running request is finished and its connection closed", "[net][integration]") {
  World world;
  Client running{world.port()};
  running.send(get("/hold") + get("/who"));
  REQUIRE(world.barrier.wait_for_entered(1));
  Client idle{world.port()};
  idle.send(post("/echo", "x"));
  CHECK(status_of(idle.answer()) == 200);
  auto stopped = std::async(std::launch::async, [&] { world.server->stop(seconds{10}); });
  CHECK(idle.closed());
  CHECK(stopped.wait_for(milliseconds{0}) == std::future_status::timeout);
  CHECK(World::eventually([&] { return nobody_listens(world.port()); }));
  world.barrier.open();
  const std::string all = running.rest();
  CHECK(status_of(all) == 200);
  CHECK(header_of(all, "Connection") == "close");
  CHECK(all.find("HTTP/1.1", 1) == std::string::npos);  // what was pipelined behind it is not begun
  stopped.get();
  CHECK(World::eventually([&] { return world.counters().open_connections == 0; }));
}

TEST_CASE("stop: a request that arrives is read to its end and served", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK(status_of(client.answer()) == 100);
  auto stopped = std::async(std::launch::async, [&] { world.server->stop(seconds{10}); });
  CHECK(World::eventually([&] { return nobody_listens(world.port()); }));
  client.send("hello");
  const std::string answer = client.answer();
  CHECK(body_of(answer) == "hello");
  CHECK(header_of(answer, "Connection") == "close");
  stopped.get();
}

TEST_CASE("stop: grace ends with running handlers and the server waits for them when it goes",
          "[net][integration][I16]") {
  World world;
  Client client{world.port()};
  client.send(get("/hold"));
  REQUIRE(world.barrier.wait_for_entered(1));
  world.server->stop(milliseconds{50});
  CHECK(client.rest().empty());
  auto gone = std::async(std::launch::async, [&] { world.server.reset(); });
  CHECK(gone.wait_for(milliseconds{50}) == std::future_status::timeout);
  world.barrier.open();
  gone.get();
}

TEST_CASE("stop: a server ends under load with nothing left behind", "[net][integration][I16]") {
  for (int round = 0; round < 10; ++round) {
    World world{{.pool_threads = 4}};
    std::atomic<bool> done{false};
    std::atomic<int> answered{0};
    std::vector<std::thread> clients;
    for (int t = 0; t < 4; ++t) {
      clients.emplace_back([&, port = world.port()] {
        while (!done) {
          try {
            Client client{port};
            for (int i = 0; i < 20 && !done; ++i) {
              client.send(post("/echo", "x") + get("/who"));
              if (client.answer().empty() || client.answer().empty()) {
                break;
              }
              ++answered;
            }
          } catch (const std::exception&) {
            return;  // nobody listens any more
          }
        }
      });
    }
    CHECK(World::eventually([&] { return answered > 50; }));
    world.server->stop(round % 2 == 0 ? seconds{5} : seconds{0});
    world.server.reset();
    done = true;
    for (std::thread& client : clients) {
      client.join();
    }
  }
}

TEST_CASE("stop: a server that never started ends too", "[net][integration]") {
  http::WorkerPool pool{{.name = "unused", .threads = 1, .max_queued = 1}};
  const http::Router router;
  net::Server server{{}, {pool, pool, pool, pool, pool}, 1, nullptr};
  server.listen({.name = "test", .address = "127.0.0.1", .port = 0, .tls = std::nullopt}, router);
  CHECK(server.port("test") != 0);
  CHECK_THROWS_AS(server.port("other"), ca::Error);
}

TEST_CASE("listen: an address that cannot be had is named with its key", "[net][integration]") {
  World world;
  http::WorkerPool pool{{.name = "unused", .threads = 1, .max_queued = 1}};
  const http::Router router;
  net::Server server{{}, {pool, pool, pool, pool, pool}, 1, nullptr};
  CHECK_THROWS_WITH(
      server.listen({.name = "api", .address = "127.0.0.1", .port = world.port(), .tls = std::nullopt},
                    router),
      Contains("127.0.0.1:" + std::to_string(world.port())) && Contains("in use") &&
          Contains("listeners.api.port"));
  CHECK_THROWS_WITH(
      server.listen({.name = "api", .address = "192.0.2.1", .port = 0, .tls = std::nullopt}, router),
      Contains("192.0.2.1") && Contains("listeners.api.address"));
  CHECK_THROWS_WITH(
      server.listen({.name = "api", .address = "localhost", .port = 0, .tls = std::nullopt}, router),
      Contains("listeners.api.address"));
}
