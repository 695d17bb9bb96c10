#include "ca/base/error.hpp"
#include "tests/integration/net/certificates.hpp"
#include "tests/integration/net/tls_client.hpp"
#include "tests/integration/net/world.hpp"
#include "tests/support/catch.hpp"

using std::chrono::milliseconds;

namespace {

// A server identity and an authority for clients, as files.
struct Files {
  Files() {
    use(make_identity({.name = "server one"}));
    write_certificate(folder.path("clients.pem"), authority);
  }
  void use(const Identity& identity) {
    server = identity;
    write_certificate(folder.path("server.pem"), identity);
    write_key(folder.path("server.key"), identity);
  }
  [[nodiscard]] net::TlsFiles without_clients() const {
    return {folder.path("server.pem"), folder.path("server.key"), std::nullopt};
  }
  [[nodiscard]] net::TlsFiles with_clients() const {
    return {folder.path("server.pem"), folder.path("server.key"), folder.path("clients.pem")};
  }

  Folder folder;
  Identity server;
  Identity authority = make_identity({.name = "authority of clients", .authority = true});
};

std::string who(TlsClient& client) {
  if (!client.connected() || !client.send(get("/who"))) {
    return {};
  }
  return body_of(client.answer());
}

std::string load_failure(const net::TlsFiles& files) {
  http::WorkerPool pool{{.name = "unused", .threads = 1, .max_queued = 1}};
  const http::Router router;
  net::Server server{{}, {pool, pool, pool, pool, pool}, 1, nullptr};
  try {
    server.listen({.name = "api", .address = "127.0.0.1", .port = 0, .tls = files}, router);
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::unavailable);
    return error.what();
  }
  return "loaded";
}

}  // namespace

TEST_CASE("tls: requests are served and the end is said", "[net][integration]") {
  const Files files;
  World world{{.tls = files.without_clients()}};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client{world.port(), {.max_version = version, .min_version = version}};
    REQUIRE(client.connected());
    CHECK(client.server_certificate() == files.server.der());
    CHECK_THAT(who(client), Contains("certificate none"));
    client.send(post("/echo", std::string(60000, 'a')) + get("/large", "Connection: close\r\n"));
    CHECK(body_of(client.answer()).size() == 60000);
    CHECK(body_of(client.answer()).size() == 8 * 1024 * 1024);
    CHECK(client.closed());
    CHECK(client.ended_properly());
  }
}

TEST_CASE("tls: old protocols and ciphers without forward secrecy are refused", "[net][integration]") {
  const Files files;
  World world{{.tls = files.without_clients()}};
  CHECK_FALSE(
      TlsClient{world.port(), {.max_version = TLS1_1_VERSION, .min_version = TLS1_VERSION}}.connected());
  for (const char* ciphers :
       {"AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA", "NULL"}) {
    const TlsOptions options{.max_version = TLS1_2_VERSION, .tls12_ciphers = ciphers};
    CHECK_FALSE(TlsClient{world.port(), options}.connected());
  }
  CHECK(World::eventually([&] { return world.counters().tls_failures == 4; }));
  CHECK(world.serves());
}

TEST_CASE("tls: no renegotiation and no session to resume", "[net][integration][I16]") {
  const Files files;
  World world{{.tls = files.without_clients()}};
  {
    TlsClient client{world.port(), {.max_version = TLS1_2_VERSION}};
    REQUIRE(client.connected());
    CHECK(SSL_renegotiate(client.native()) == 1);
    CHECK(SSL_do_handshake(client.native()) != 1);
  }
  TlsClient client{world.port()};
  CHECK_FALSE(who(client).empty());
  CHECK(SSL_SESSION_is_resumable(SSL_get_session(client.native())) == 0);
}

TEST_CASE("tls: a verified client certificate reaches the handler and none is none", "[net][integration]") {
  const Files files;
  World world{{.tls = files.with_clients()}};
  const Identity device =
      make_identity({.name = "device", .issuer = &files.authority, .extended_key_usage = "clientAuth"});
  const Identity plain = make_identity({.name = "device without usage", .issuer = &files.authority});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const Identity* identity : {&device, &plain}) {
      TlsClient client{world.port(), {.identity = identity, .max_version = version}};
      const std::string expected = "certificate " + std::to_string(identity->der().size());
      CHECK_THAT(who(client), Contains(expected));
      CHECK_THAT(who(client), Contains(expected));  // every request of the connection
    }
    TlsClient without{world.port(), {.max_version = version}};
    CHECK_THAT(who(without), Contains("certificate none"));
  }
}

TEST_CASE("tls: a client certificate that does not verify ends the handshake", "[net][integration][I11]") {
  const Files files;
  World world{{.tls = files.with_clients()}};
  const Identity stranger_authority = make_identity({.name = "authority of clients", .authority = true});
  const Identity stranger =
      make_identity({.name = "device", .issuer = &stranger_authority, .extended_key_usage = "clientAuth"});
  const Identity self_signed = make_identity({.name = "device", .extended_key_usage = "clientAuth"});
  const Identity expired =
      make_identity({.name = "device", .issuer = &files.authority, .valid_from = -7200, .valid_for = -3600});
  const Identity early =
      make_identity({.name = "device", .issuer = &files.authority, .valid_from = 3600, .valid_for = 7200});
  const Identity for_servers =
      make_identity({.name = "device", .issuer = &files.authority, .extended_key_usage = "serverAuth"});
  const Identity device = make_identity({.name = "no authority", .issuer = &files.authority});
  const Identity by_device = make_identity({.name = "device", .issuer = &device});
  std::uint64_t refused = 0;
  for (const Identity* identity : {&stranger, &self_signed, &expired, &early, &for_servers, &by_device}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsClient client{world.port(), {.identity = identity, .max_version = version}};
      CHECK(who(client).empty());
      ++refused;
    }
  }
  CHECK(World::eventually([&] { return world.counters().tls_failures == refused; }));
  CHECK(world.counters().requests == 0);
  CHECK(world.serves());
}

TEST_CASE("tls: without client authorities a client certificate is not asked for", "[net][integration]") {
  const Files files;
  World world{{.tls = files.without_clients()}};
  const Identity device = make_identity({.name = "device", .issuer = &files.authority});
  TlsClient client{world.port(), {.identity = &device}};
  CHECK_THAT(who(client), Contains("certificate none"));
}

TEST_CASE("tls: a reload serves new connections with new files and open ones go on", "[net][integration]") {
  Files files;
  World world{{.tls = files.without_clients()}};
  TlsClient old{world.port()};
  CHECK_FALSE(who(old).empty());
  const Identity first = files.server;
  files.use(make_identity({.name = "server two"}));
  CHECK(TlsClient{world.port()}.server_certificate() == first.der());
  world.server->reload_tls();
  CHECK(TlsClient{world.port()}.server_certificate() == files.server.der());
  CHECK_FALSE(who(old).empty());
  CHECK(old.server_certificate() == first.der());
}

TEST_CASE("tls: a reload of bad files changes nothing and says what is bad", "[net][integration]") {
  Files files;
  World world{{.tls = files.without_clients()}};
  const Identity first = files.server;
  write_certificate(files.folder.path("server.pem"), make_identity({.name = "another"}));
  CHECK_THROWS_WITH(world.server->reload_tls(), Contains("server.key"));
  std::filesystem::remove(files.folder.path("server.pem"));
  CHECK_THROWS_WITH(world.server->reload_tls(), Contains("server.pem"));
  CHECK(TlsClient{world.port()}.server_certificate() == first.der());
  CHECK(world.serves());
}

TEST_CASE("tls: reloads among handshakes disturb nobody", "[net][integration][I16]") {
  const Files files;
  World world{{.tls = files.with_clients()}};
  std::atomic<int> failed{0};
  std::vector<std::thread> clients;
  for (int t = 0; t < 2; ++t) {
    clients.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        TlsClient client{world.port()};
        failed += who(client).empty() ? 1 : 0;
      }
    });
  }
  for (int i = 0; i < 25; ++i) {
    world.server->reload_tls();
  }
  for (std::thread& client : clients) {
    client.join();
  }
  CHECK(failed == 0);
}

TEST_CASE("tls: files that cannot be used are named", "[net][integration]") {
  const Files files;
  const auto path = [&](const std::string& name) { return files.folder.path(name); };
  write_key(path("locked.key"), files.server, "a passphrase");
  write_key(path("other.key"), files.authority);
  CHECK_THAT(load_failure({path("none.pem"), path("server.key"), std::nullopt}), Contains("none.pem"));
  CHECK_THAT(load_failure({path("server.pem"), path("none.key"), std::nullopt}), Contains("none.key"));
  CHECK_THAT(load_failure({path("server.pem"), path("locked.key"), std::nullopt}), Contains("locked.key"));
  CHECK_THAT(load_failure({path("server.pem"), path("other.key"), std::nullopt}),
             Contains("other.key") && Contains("mismatch"));
  CHECK_THAT(load_failure({path("server.pem"), path("server.key"), path("none.pem")}), Contains("client CA"));
  CHECK_THAT(load_failure({path("server.pem"), path("server.key"), path("server.key")}),
             Contains("client CA"));
  CHECK(load_failure(files.with_clients()) == "loaded");
}

TEST_CASE("tls: what is no TLS ends its connection only", "[net][integration][I16]") {
  const Files files;
  World world{{.tls = files.without_clients()}};
  for (const std::string& bytes : {get("/who"), std::string(5000, '\0'),
                                   std::string{"\x16\x03\x01\xff\xff", 5} + std::string(70000, 'a'),
                                   std::string{"\x15\x03\x03\x00\x02\x02\x28", 7}}) {
    Client client{world.port()};
    client.send(bytes);
    client.end_sending();
    CHECK(status_of(client.rest()) == 0);
    CHECK(world.serves());
  }
  CHECK(World::eventually([&] { return world.counters().tls_failures == 4; }));
}

TEST_CASE("tls: a handshake that does not come is given up", "[net][integration][I16]") {
  const Files files;
  net::Limits limits;
  limits.handshake_time = milliseconds{150};
  World world{{.limits = limits, .tls = files.without_clients()}};
  Client silent{world.port()};
  CHECK(silent.rest().empty());
  Client begun{world.port()};
  begun.send({"\x16\x03\x01\x01\x00", 5});
  CHECK(begun.rest().empty());
  CHECK(World::eventually([&] { return world.counters().timeouts == 2; }));
  CHECK(
      World::eventually([&] { return world.serves(); }));  // a busy machine's handshakes are not all in time
}

TEST_CASE("tls: slow and doubtful requests are refused and the end is said", "[net][integration][I16]") {
  const Files files;
  net::Limits limits;
  limits.header_time = milliseconds{150};
  limits.body_time = milliseconds{150};
  limits.idle_time = milliseconds{3000};
  World world{{.limits = limits, .tls = files.without_clients()}};
  const auto refusal = [&](const std::string& bytes) {
    TlsClient client{world.port()};
    client.send(bytes);
    const std::string all = client.rest();
    CHECK(client.ended_properly());
    return status_of(all);
  };
  CHECK(refusal("GET /who HTT") == 408);
  CHECK(refusal("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhell") == 408);
  CHECK(refusal("GET /who HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n" +
                std::string(500000, 'a')) == 413);
  CHECK(refusal("") == 0);  // idle
  CHECK(world.serves());
}

TEST_CASE("tls: a stop says the end to idle clients", "[net][integration]") {
  const Files files;
  World world{{.tls = files.without_clients()}};
  TlsClient client{world.port()};
  CHECK_FALSE(who(client).empty());
  std::thread stopping{[&] { world.server->stop(std::chrono::seconds{5}); }};
  CHECK(client.closed());
  CHECK(client.ended_properly());
  stopping.join();
}
