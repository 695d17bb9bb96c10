#include "tests/integration/net/world.hpp"
#include "tests/support/catch.hpp"

namespace {

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
// What a smuggler wants to be taken for a request of its own.
const std::string kHidden = "GET /who?hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Hostile {
  const char* what;
  std::string bytes;
  int status = 400;
};

std::vector<Hostile> hostile_requests() {
  return {
      {"Content-Length and chunked",
       kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunked and Content-Length",
       kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"gzip", kPost + "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"},
      {"xchunked", kPost + "Transfer-Encoding: xchunked\r\n\r\n"},
      {"chunked and identity", kPost + "Transfer-Encoding: chunked, identity\r\n\r\n"},
      {"chunked twice", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunked with vertical tab", kPost + "Transfer-Encoding: \x0b"
                                            "chunked\r\n\r\n0\r\n\r\n"},
      {"two equal lengths", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
      {"two different lengths", kPost + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello"},
      {"a list of lengths", kPost + "Content-Length: 5, 5\r\n\r\nhello"},
      {"a length with sign", kPost + "Content-Length: +5\r\n\r\nhello"},
      {"a length in hex", kPost + "Content-Length: 0x5\r\n\r\nhello"},
      {"an endless length", kPost + "Content-Length: 99999999999999999999999\r\n\r\nhello"},
      {"two hosts", kPost + "Host: localhost\r\nContent-Length: 0\r\n\r\n"},
      {"no host", "POST /echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
      {"obsolete folding", kPost + "X-A: b\r\n folded\r\nContent-Length: 0\r\n\r\n"},
      {"obsolete folding with a tab", kPost + "X-A: b\r\n\tContent-Length: 5\r\n\r\n"},
      {"a bare line feed in the header", kPost + "X-A: b\nContent-Length: 0\r\n\r\n"},
      {"a bare line feed after the request line", "POST /echo HTTP/1.1\nHost: localhost\n\n"},
      {"a bare carriage return", kPost + "X-A: b\rContent-Length: 0\r\n\r\n"},
      {"space before the colon", kPost + "Content-Length : 5\r\n\r\nhello"},
      {"NUL in a value", kPost + std::string{"X-A: b\0c\r\n\r\n", 12}},
      {"NUL in the target", std::string{"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 36}},
      {"HTTP 1.0 and chunked", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"an absolute target", "GET http://localhost/who HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"a tunnel", "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"an empty line first", "\r\nGET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"HTTP 0.9", "GET /who\r\n\r\n"},
      {"the preface of HTTP 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"a TLS hello", std::string{"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 11}},
      {"binary", std::string{"\x00\x01\x02\x03garbage", 11}},
      {"a chunk extension", kPost + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"},
      {"a chunk that lies", kPost + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n"},
      {"a trailer", kPost + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n"},
      {"a chunk over the bound", kPost + "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413},
      {"an expectation of miracles", kPost + "Expect: miracles\r\nContent-Length: 5\r\n\r\n", 417},
  };
}

}  // namespace

TEST_CASE("framing: what is doubtful gets one refusal and the connection ends", "[net][integration][I16]") {
  World world;
  for (const Hostile& hostile : hostile_requests()) {
    CAPTURE(hostile.what);
    Client client{world.port()};
    client.send(hostile.bytes + kHidden);
    const std::string all = client.rest();
    CHECK(status_of(all) == hostile.status);
    CHECK(header_of(all, "Connection") == "close");
    CHECK(header_of(all, "Content-Type") == "application/problem+json");
    CHECK_THAT(body_of(all), Contains("\"detail\":\""));
    CHECK(all.find("HTTP/1.1 ", 1) == std::string::npos);
    CHECK_FALSE(client.was_reset());
    CHECK(world.serves());
  }
  CHECK(world.counters().malformed == hostile_requests().size());
  for (const net::Access& access : world.accesses()) {
    CHECK(access.path != "/who");
  }
}

TEST_CASE("framing: the same bytes one by one get the same refusal", "[net][integration][I16]") {
  World world;
  for (const Hostile& hostile : hostile_requests()) {
    CAPTURE(hostile.what);
    Client client{world.port()};
    for (const char c : hostile.bytes) {
      if (!client.send({&c, 1})) {
        break;
      }
    }
    CHECK(status_of(client.rest()) == hostile.status);
  }
  CHECK(world.serves());
}

TEST_CASE("framing: a request cut anywhere is no request", "[net][integration][I16]") {
  World world;
  const std::string whole = post("/echo", "hello");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Client client{world.port()};
    client.send(whole.substr(0, size));
    client.end_sending();
    CHECK(client.closed());
  }
  CHECK(world.serves());
  CHECK(world.counters().requests == 1);
}

TEST_CASE("framing: a refusal reaches a client that is still sending", "[net][integration][I16]") {
  World world;
  Client client{world.port()};
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n" +
              std::string(500000, 'a'));
  const std::string all = client.rest();
  CHECK(status_of(all) == 413);
  CHECK_FALSE(client.was_reset());
  CHECK(world.serves());
}
