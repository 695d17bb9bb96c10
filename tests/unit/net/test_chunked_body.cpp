#include "daemon/net/chunked_body.hpp"
#include "daemon/net/request_head.hpp"
#include "tests/support/catch.hpp"

namespace {

struct Outcome {
  std::string body;
  std::string rest;
  bool complete = false;
  int refused = 0;
};

// As a connection does: what is not used comes again with more behind it.
Outcome read_in_parts(const std::string& wire, std::size_t part, std::size_t max_bytes = 100) {
  net::ChunkedBody chunks{max_bytes};
  Outcome outcome;
  try {
    for (std::size_t at = 0; at < wire.size(); at += part) {
      outcome.rest += wire.substr(at, part);
      outcome.rest.erase(0, chunks.read(outcome.rest));
    }
  } catch (const net::BadRequest& bad) {
    outcome.refused = bad.status();
  }
  outcome.complete = chunks.complete();
  outcome.body = chunks.body();
  return outcome;
}

int refusal(const std::string& wire) {
  const int whole = read_in_parts(wire, wire.size()).refused;
  CHECK(read_in_parts(wire, 1).refused == whole);
  return whole;
}

}  // namespace

TEST_CASE("chunks: the body is the same however the bytes arrive", "[net]") {
  const std::string wire = "5\r\nhello\r\n00C\r\n, wide world\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
  for (std::size_t part = 1; part <= wire.size(); ++part) {
    const Outcome outcome = read_in_parts(wire, part);
    CHECK(outcome.complete);
    CHECK(outcome.refused == 0);
    CHECK(outcome.body == "hello, wide world");
    CHECK(outcome.rest == "GET / HTTP/1.1\r\n");
  }
}

TEST_CASE("chunks: a body can be empty and a cut one is not complete", "[net]") {
  CHECK(read_in_parts("0\r\n\r\n", 5).complete);
  const std::string wire = "5\r\nhello\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < wire.size(); ++size) {
    const Outcome outcome = read_in_parts(wire.substr(0, size), 3);
    CHECK_FALSE(outcome.complete);
    CHECK(outcome.refused == 0);
  }
}

TEST_CASE("chunks: whatever two readers could understand in two ways is refused", "[net][I16]") {
  for (const char* wire :
       {"5;name=value\r\nhello\r\n", "5 \r\nhello\r\n", " 5\r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n",
        "0x5\r\nhello\r\n", "\r\n", "5\nhello\n", "5\rhello", "g\r\n", "5\r\nhelloX", "5\r\nhello\n0\r\n",
        "5\r\nhello\rX", "000000005\r\nhello\r\n", "fffffffff\r\n", "0\r\nX-Trailer: a\r\n\r\n", "0\r\nX",
        "0\r\n\n", "0\r\n\rX"}) {
    CAPTURE(wire);
    CHECK(refusal(wire) == 400);
  }
}

TEST_CASE("chunks: the whole body is bounded and a size that goes over it is refused before its bytes",
          "[net][I16]") {
  CHECK(refusal("64\r\n" + std::string(100, 'a') + "\r\n0\r\n\r\n") == 0);
  CHECK(refusal("65\r\n") == 413);
  CHECK(refusal("ffffffff\r\n") == 413);
  CHECK(refusal("64\r\n" + std::string(100, 'a') + "\r\n1\r\n") == 413);
}
