#include "ca/base/arn.hpp"
#include "tests/integration/net/world.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("requests: the handler sees the request and the answer carries its id", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send(get("/who?a=b&c"));
  const std::string answer = client.answer();
  CHECK(status_of(answer) == 200);
  const std::string id = header_of(answer, "x-amzn-RequestId");
  CHECK(ca::is_uuid(id));
  CHECK(body_of(answer) == "GET /who ?a=b&c from 127.0.0.1 id " + id + " certificate none");
  CHECK(header_of(answer, "Content-Type") == "text/plain");
  CHECK(header_of(answer, "Date").size() == 29);
  CHECK(header_of(answer, "Connection").empty());
}

TEST_CASE("requests: a connection serves one after the other and stays open", "[net][integration]") {
  World world;
  Client client{world.port()};
  for (int i = 0; i < 50; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 700, 'b');
    client.send(post("/echo", body));
    CHECK(body_of(client.answer()) == body);
  }
  client.send(get("/who", "Connection: close\r\n"));
  const std::string last = client.answer();
  CHECK(header_of(last, "Connection") == "close");
  CHECK(client.closed());
  CHECK(world.counters().accepted == 1);
  CHECK(world.counters().requests == 51);
}

TEST_CASE("requests: pipelined requests are answered in their order", "[net][integration]") {
  World world{{.pool_threads = 4}};
  Client client{world.port()};
  std::string all = get("/hold");
  for (int i = 0; i < 20; ++i) {
    all += post("/echo", "number " + std::to_string(i));
  }
  client.send(all + get("/nowhere") + get("/who"));
  REQUIRE(world.barrier.wait_for_entered(1));
  CHECK(world.counters().requests == 1);  // the next is read when the answer is written
  world.barrier.open();
  CHECK(body_of(client.answer()) == "held");
  for (int i = 0; i < 20; ++i) {
    CHECK(body_of(client.answer()) == "number " + std::to_string(i));
  }
  CHECK(status_of(client.answer()) == 404);
  CHECK(status_of(client.answer()) == 200);
}

TEST_CASE("requests: what is at hand is answered while all threads of the pool are held", "[net][I16]") {
  World world{{.pool_threads = 1}};
  Client held{world.port()};
  held.send(post("/at-once?wait", ""));
  REQUIRE(world.barrier.wait_for_entered(1));
  Client client{world.port()};
  client.send(post("/at-once", "first") + post("/at-once", "second"));
  CHECK(body_of(client.answer()) == "at once: first");
  CHECK(body_of(client.answer()) == "at once: second");
  CHECK(world.counters().requests == 3);
  world.barrier.open();
  CHECK(body_of(held.answer()) == "held");
}

TEST_CASE("requests: HEAD is GET without the body", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send("HEAD /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string head = client.answer(true);
  CHECK(status_of(head) == 200);
  CHECK(header_of(head, "Content-Length") == std::to_string(8 * 1024 * 1024));
  client.send(post("/echo", "next"));
  CHECK(body_of(client.answer()) == "next");
}

TEST_CASE("requests: an unknown path and another method are told apart and the connection stays",
          "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send(post("/nowhere", "with a body"));
  const std::string unknown = client.answer();
  CHECK(status_of(unknown) == 404);
  CHECK(header_of(unknown, "Content-Type") == "application/problem+json");
  client.send(post("/who", "with a body"));
  const std::string other = client.answer();
  CHECK(status_of(other) == 405);
  CHECK(header_of(other, "Allow") == "GET, HEAD");
  client.send("HEAD /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(header_of(client.answer(true), "Allow") == "POST");
  client.send(post("/echo", "next"));
  CHECK(body_of(client.answer()) == "next");
}

TEST_CASE("requests: 100 Continue is said when the body is wanted", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(client.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  CHECK(body_of(client.answer()) == "hello");
  // Sent without waiting: the body is here and 100 would say nothing.
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(status_of(client.answer()) == 200);
}

TEST_CASE("requests: a body that nobody wants is refused instead of 100 Continue", "[net][integration]") {
  World world;
  for (const auto& [line, status] : {std::pair{"POST /small HTTP/1.1\r\nContent-Length: 11\r\n", 413},
                                     std::pair{"POST /nowhere HTTP/1.1\r\nContent-Length: 5\r\n", 404},
                                     std::pair{"POST /who HTTP/1.1\r\nContent-Length: 5\r\n", 405}}) {
    Client client{world.port()};
    client.send(std::string{line} + "Host: localhost\r\nExpect: 100-continue\r\n\r\n");
    const std::string all = client.rest();
    CHECK(status_of(all) == status);
    CHECK(header_of(all, "Connection") == "close");
  }
}

TEST_CASE("requests: a body in chunks is a body", "[net][integration]") {
  World world;
  Client client{world.port()};
  const std::string head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n";
  client.send(head + "\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n" + post("/echo", "next"));
  CHECK(body_of(client.answer()) == "hello!");
  CHECK(body_of(client.answer()) == "next");
  client.send(head + "Expect: 100-continue\r\n\r\n");
  CHECK(status_of(client.answer()) == 100);
  client.send("2\r\nab\r");
  client.send("\n0\r\n\r\n");
  CHECK(body_of(client.answer()) == "ab");
}

TEST_CASE("requests: a handler that throws anything is a 500 and the connection stays",
          "[net][integration][I16]") {
  World world;
  Client client{world.port()};
  for (const char* path : {"/throw", "/throw-int", "/bad-pool"}) {
    client.send(get(path));
    const std::string answer = client.answer();
    CHECK(status_of(answer) == 500);
    CHECK(answer.find("escaped") == std::string::npos);
  }
  client.send(post("/echo", "next"));
  CHECK(body_of(client.answer()) == "next");
  REQUIRE(World::eventually([&] { return world.accesses().size() == 4; }));
  CHECK(world.accesses()[0].status == 500);
  CHECK(world.accesses()[0].cause == "escaped");
  CHECK(world.accesses()[3].cause.empty());
}

TEST_CASE("requests: HTTP 1.0 is answered and closed", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send("GET /who HTTP/1.0\r\n\r\n");
  const std::string all = client.rest();
  CHECK(status_of(all) == 200);
  CHECK(header_of(all, "Connection") == "close");
}

TEST_CASE("requests: a client that has said all still gets its answer", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send(post("/echo", "bye"));
  client.end_sending();
  CHECK(body_of(client.rest()) == "bye");
}

TEST_CASE("requests: a large answer arrives whole", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send(get("/large") + post("/echo", "next"));
  CHECK(body_of(client.answer()) == std::string(8 * 1024 * 1024, 'x'));
  CHECK(body_of(client.answer()) == "next");
}

TEST_CASE("requests: the access log has what was answered", "[net][integration]") {
  World world;
  Client client{world.port()};
  client.send(get("/who?secret=1"));
  const std::string answer = client.answer();
  REQUIRE(World::eventually([&] { return !world.accesses().empty(); }));
  const net::Access access = world.accesses()[0];
  CHECK(access.listener == "test");
  CHECK(access.method == "GET");
  CHECK(access.path == "/who");
  CHECK(access.remote_ip == "127.0.0.1");
  CHECK(access.request_id == header_of(answer, "x-amzn-RequestId"));
  CHECK(access.status == 200);
  CHECK(access.response_bytes == answer.size());
  CHECK(access.duration.count() > 0);
}

TEST_CASE("requests: an IPv4 client of a dual-stack listener is an IPv4 client", "[net][integration][I11]") {
  World world;
  net::Server both{
      {}, {*world.pool, *world.pool, *world.pool, world.other_pool, world.other_pool}, 1, nullptr};
  both.listen({.name = "both", .address = "::", .port = 0, .tls = std::nullopt}, world.router);
  both.start();
  Client client{both.port("both")};
  client.send(get("/who"));
  CHECK_THAT(body_of(client.answer()), Contains(" from 127.0.0.1 id "));
}
