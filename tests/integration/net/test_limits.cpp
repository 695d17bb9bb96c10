#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/net/world.hpp"
#include "tests/support/catch.hpp"

using std::chrono::milliseconds;

namespace {

net::Limits quick() {
  net::Limits limits;
  limits.header_time = milliseconds{200};
  limits.body_time = milliseconds{200};
  limits.write_time = milliseconds{300};
  return limits;
}

// Sends byte after byte, each in time for a limit that would begin anew with it, until the server is done.
std::string trickle(Client& client, const std::string& bytes) {
  for (const char c : bytes) {
    if (!client.send({&c, 1})) {
      break;
    }
    std::this_thread::sleep_for(milliseconds{20});
  }
  return client.rest();
}

}  // namespace

TEST_CASE("limits: a header that is too large is refused while it arrives", "[net][integration][I16]") {
  World world;
  const std::string start = "GET /who HTTP/1.1\r\nHost: localhost\r\nX-A: ";
  {
    Client client{world.port()};
    client.send(start + std::string(20000, 'a') + "\r\n\r\n");
    CHECK(status_of(client.rest()) == 431);
  }
  {
    Client client{world.port()};  // never an end
    client.send(start + std::string(400000, 'a'));
    CHECK(status_of(client.rest()) == 431);
  }
  std::string many;
  for (int i = 0; i < 65; ++i) {
    many += "A: b\r\n";
  }
  Client client{world.port()};
  client.send(get("/who", many));
  CHECK(status_of(client.rest()) == 431);
  CHECK(world.serves());
}

TEST_CASE("limits: a header of exactly the limit is served", "[net][integration]") {
  World world;
  const std::string start = "GET /who HTTP/1.1\r\nHost: localhost\r\nX-A: ";
  const auto padded = [&](std::size_t size) {
    return start + std::string(size - start.size() - 4, 'a') + "\r\n\r\n";
  };
  Client client{world.port()};
  client.send(padded(16 * 1024));
  CHECK(status_of(client.answer()) == 200);
  client.send(padded(16 * 1024 + 1));
  CHECK(status_of(client.answer()) == 431);
}

TEST_CASE("limits: a body over its route's bound is refused before it is read", "[net][integration][I16]") {
  World world;
  for (const char* head :
       {"POST /small HTTP/1.1\r\nContent-Length: 11\r\n", "POST /echo HTTP/1.1\r\nContent-Length: 65537\r\n",
        "POST /nowhere HTTP/1.1\r\nContent-Length: 65537\r\n"}) {
    Client client{world.port()};
    client.send(std::string{head} + "Host: localhost\r\n\r\n");
    CHECK(status_of(client.rest()) == 413);
  }
  Client client{world.port()};
  client.send(post("/small", "0123456789"));
  CHECK(status_of(client.answer()) == 200);
  client.send(
      "POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n");
  CHECK(status_of(client.rest()) == 413);
}

TEST_CASE("limits: the head decides how large the body may be", "[net][integration][I16]") {
  World world;
  const auto status = [&](const std::string& more, std::size_t size) {
    Client client{world.port()};
    client.send("POST /by-head HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more +
                "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'));
    const std::string all = client.rest();
    CHECK(body_of(all) == (status_of(all) == 200 ? std::to_string(size) : "too large for /by-head"));
    return status_of(all);
  };
  CHECK(status("", 64 * 1024) == 200);
  CHECK(status("", 64 * 1024 + 1) == 413);
  CHECK(status("X-Known: yes\r\n", kLargestBody) == 200);
  CHECK(status("X-Known: yes\r\n", kLargestBody + 1) == 413);
}

TEST_CASE("limits: large bodies share a bounded memory and ordinary ones need none of it",
          "[net][integration][I16]") {
  net::Limits limits;
  limits.large_bodies = kLargestBody + 1024;
  World world{{.limits = limits}};
  const std::string head = "POST /by-head HTTP/1.1\r\nHost: localhost\r\nX-Known: yes\r\n";
  const auto large = [&](const std::string& more, std::size_t size) {
    return head + more + "Content-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  Client held{world.port()};
  held.send(large("X-Hold: yes\r\n", kLargestBody) + std::string(kLargestBody, 'x'));
  REQUIRE(world.barrier.wait_for_entered(1));
  {
    Client refused{world.port()};
    refused.send(large("", http::kOrdinaryBody + 1));
    const std::string answer = refused.rest();
    CHECK(status_of(answer) == 503);
    CHECK(header_of(answer, "Connection") == "close");
    Client chunked{world.port()};
    chunked.send(head + "Transfer-Encoding: chunked\r\n\r\n");
    CHECK(status_of(chunked.rest()) == 503);
  }
  Client ordinary{world.port()};
  ordinary.send(post("/by-head", std::string(http::kOrdinaryBody, 'x')));
  CHECK(status_of(ordinary.answer()) == 200);
  world.barrier.open();
  CHECK(status_of(held.answer()) == 200);
  CHECK(World::eventually([&] {  // the memory is given back a moment after the answer
    Client again{world.port()};
    again.send(large("Connection: close\r\n", kLargestBody) + std::string(kLargestBody, 'x'));
    return status_of(again.rest()) == 200;
  }));
  {
    Client gone{world.port()};  // who goes away gives its part back, too
    gone.send(large("", kLargestBody) + "only a part");
  }
  CHECK(World::eventually([&] {
    Client again{world.port()};
    again.send(large("Connection: close\r\n", kLargestBody) + std::string(kLargestBody, 'x'));
    return status_of(again.rest()) == 200;
  }));
}

TEST_CASE("limits: a header that trickles in is given up", "[net][integration][I16]") {
  World world{{.limits = quick()}};
  Client client{world.port()};
  const auto began = std::chrono::steady_clock::now();
  CHECK(status_of(trickle(client, get("/who", "X-A: " + std::string(1000, 'a') + "\r\n"))) == 408);
  CHECK(std::chrono::steady_clock::now() - began <
        std::chrono::seconds{15});  // of the 20 s that it takes to the end
  CHECK(world.counters().timeouts == 1);
  CHECK(world.serves());
}

TEST_CASE("limits: a body that trickles in is given up", "[net][integration][I16]") {
  World world{{.limits = quick()}};
  {
    Client client{world.port()};
    client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
    CHECK(status_of(trickle(client, std::string(999, 'a'))) == 408);
  }
  {
    Client client{world.port()};
    client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string chunks;
    for (int i = 0; i < 200; ++i) {
      chunks += "1\r\na\r\n";
    }
    CHECK(status_of(trickle(client, chunks)) == 408);
  }
  {
    Client client{world.port()};
    client.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    CHECK(status_of(client.answer()) == 100);
    CHECK(status_of(client.rest()) == 408);
  }
  CHECK(world.serves());
}

TEST_CASE("limits: a connection that asks nothing is closed without a word", "[net][integration][I16]") {
  net::Limits limits;
  limits.idle_time = milliseconds{150};
  World world{{.limits = limits}};
  Client silent{world.port()};
  CHECK(silent.closed());
  CHECK(World::eventually([&] {  // a machine that does something else for so long asks nothing either
    Client served{world.port()};
    served.send(post("/echo", "once"));
    return status_of(served.answer()) == 200 && served.closed();
  }));
}

TEST_CASE("limits: a reader that stands still is dropped and one that is slow is served",
          "[net][integration][I16]") {
  World world{{.limits = quick()}};
  Client still{world.port()};
  still.send(get("/large"));
  CHECK(World::eventually(
      [&] { return world.counters().timeouts == 1 && world.counters().open_connections == 0; }));
  CHECK(world.serves());
  REQUIRE(World::eventually([&] { return world.accesses().size() == 2; }));
  CHECK(world.accesses()[0].response_bytes < 8 * 1024 * 1024);
  // Slower than write_time altogether, but never still for that long; unless the machine is, at all tries.
  CHECK(World::eventually([&] {
    Client slow{world.port()};
    slow.send(get("/large"));
    std::size_t size = 0;
    std::vector<char> part(256 * 1024);
    while (size < 8 * 1024 * 1024) {
      const auto got = recv(slow.descriptor(), part.data(), part.size(), MSG_WAITALL);
      if (got <= 0) {
        break;
      }
      size += static_cast<std::size_t>(got);
      std::this_thread::sleep_for(milliseconds{20});
    }
    return size >= 8 * 1024 * 1024;
  }));
}

namespace {

// The whole of 127.0.0.0/8 is this machine.
std::unique_ptr<Client> client_of(int address, std::uint16_t port) {
  auto client = std::make_unique<Client>();
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(address));
  REQUIRE(bind(client->descriptor(), reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  client->connect(port);
  return client;
}

}  // namespace

TEST_CASE("limits: connections over the cap are closed and a free place is taken again",
          "[net][integration][I16]") {
  net::Limits limits;
  limits.connections = 3;
  World world{{.limits = limits}};
  std::vector<std::unique_ptr<Client>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(client_of(i, world.port()));
    open.back()->send(post("/echo", "x"));
    CHECK(status_of(open.back()->answer()) == 200);
  }
  Client refused{world.port()};
  CHECK(refused.rest().empty());
  CHECK(world.counters().refused_connections == 1);
  CHECK(world.counters().open_connections == 3);
  open.pop_back();
  REQUIRE(World::eventually([&] { return world.counters().open_connections == 2; }));
  CHECK(world.serves());
}

TEST_CASE("limits: a few addresses that take all they can leave places for the others",
          "[net][integration][I16]") {
  constexpr std::size_t kPlaces = 64;
  net::Limits limits;
  limits.connections = kPlaces;
  limits.connections_per_ip = 16;
  World world{{.limits = limits}};
  std::vector<std::unique_ptr<Client>> open;
  const auto get_in = [&](int address) {
    const net::Counters before = world.counters();
    open.push_back(client_of(address, world.port()));
    REQUIRE(World::eventually([&] {
      const net::Counters now = world.counters();
      return now.accepted + now.refused_connections > before.accepted + before.refused_connections;
    }));
    return world.counters().accepted > before.accepted;
  };
  const auto takes_all_it_can = [&](int address) {
    std::size_t taken = 0;
    while (get_in(address)) {
      ++taken;
    }
    return taken;
  };
  CHECK(takes_all_it_can(0) == 16);  // connections_per_ip
  for (int address = 1; address < 12; ++address) {
    CHECK(takes_all_it_can(address) >= 1);
  }
  CHECK(world.counters().open_connections < kPlaces);
  CHECK(get_in(12));
  CHECK_FALSE(get_in(12));
}

TEST_CASE("limits: one address cannot take every place", "[net][integration][I16]") {
  net::Limits limits;
  limits.connections_per_ip = 2;
  World world{{.limits = limits}};
  Client one{world.port()};
  Client two{world.port()};
  REQUIRE(World::eventually([&] { return world.counters().open_connections == 2; }));
  Client three{world.port()};
  CHECK(three.rest().empty());
  CHECK(world.counters().refused_connections == 1);
}

TEST_CASE("limits: without descriptors new connections wait and are served later",
          "[net][integration][I16]") {
  World world;
  Client before{world.port()};
  before.send(post("/echo", "x"));
  CHECK(status_of(before.answer()) == 200);
  Client waiting;
  rlimit old{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
  const int next = dup(0);
  close(next);
  rlimit none = old;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  waiting.connect(world.port());
  waiting.send(post("/echo", "patient"));
  before.send(post("/echo", "served meanwhile"));
  const std::string meanwhile = before.answer();
  const std::uint64_t accepted = world.counters().accepted;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &old) == 0);
  CHECK(body_of(meanwhile) == "served meanwhile");
  CHECK(accepted == 1);
  CHECK(body_of(waiting.answer()) == "patient");
}

TEST_CASE("limits: one sender cannot have every place and another is served", "[net][integration][I16]") {
  World world{{.pool_threads = 1, .pool_queue = 5}};
  const auto mine = [](const std::string& sender) { return get("/mine", "X-Sender: " + sender + "\r\n"); };
  std::vector<std::unique_ptr<Client>> held;
  const auto hold = [&](const std::string& sender) {
    const auto before = world.counters().requests;
    held.push_back(std::make_unique<Client>(world.port()));
    held.back()->send(mine(sender));
    REQUIRE(World::eventually([&] { return world.counters().requests == before + 1; }));
  };
  for (int i = 0; i < 3; ++i) {
    hold("greedy");
  }
  REQUIRE(world.barrier.wait_for_entered(1));
  Client greedy{world.port()};
  greedy.send(mine("greedy"));
  const std::string answer = greedy.answer();
  CHECK(status_of(answer) == 429);
  CHECK(header_of(answer, "Retry-After") == "1");
  hold("modest");
  CHECK(world.counters().throttled == 1);
  world.barrier.open();
  for (const auto& each : held) {
    CHECK(body_of(each->answer()) == "held");
  }
  greedy.send(mine("greedy"));  // its places are free again, and the connection stayed
  CHECK(body_of(greedy.answer()) == "held");
}

TEST_CASE("limits: a sender over its rate is throttled and another is not", "[net][integration][I16]") {
  net::Limits limits;
  limits.requests_per_second = 0.001;
  limits.request_burst = 3;
  World world{{.limits = limits}};
  Client client{world.port()};
  const auto status = [&](const std::string& more) {
    client.send(get("/mine-at-once", more));
    return status_of(client.answer());
  };
  for (int i = 0; i < 3; ++i) {
    CHECK(status("X-Sender: greedy\r\n") == 200);
  }
  CHECK(status("X-Sender: greedy\r\n") == 429);
  CHECK(status("X-Sender: modest\r\n") == 200);
  CHECK(status("") == 200);  // by its address
  CHECK(world.serves());     // a route of nobody's share
  CHECK(world.counters().throttled == 1);
}

TEST_CASE("limits: a full pool answers at once in the words of the route", "[net][integration][I16]") {
  World world{{.pool_threads = 1, .pool_queue = 1}};
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(std::make_unique<Client>(world.port()));
    held.back()->send(get("/hold"));
    REQUIRE(
        World::eventually([&] { return world.counters().requests == static_cast<std::uint64_t>(i) + 1; }));
  }
  REQUIRE(world.barrier.wait_for_entered(1));
  Client client{world.port()};
  client.send(get("/hold-full"));
  CHECK(status_of(client.answer()) == 429);
  client.send(get("/hold"));
  const std::string answer = client.answer();
  CHECK(status_of(answer) == 503);
  CHECK(header_of(answer, "Retry-After") == "1");
  CHECK(world.serves());  // another pool
  CHECK(world.counters().queue_full == 2);
  world.barrier.open();
  for (const auto& each : held) {
    CHECK(body_of(each->answer()) == "held");
  }
}
