#include "daemon/net/request_head.hpp"
#include "tests/support/catch.hpp"

namespace {

const std::string kLine = "POST / HTTP/1.1\r\n";
const std::string kHost = "Host: ca.example\r\n";

net::RequestHead parse(const std::string& head) { return net::parse_head(head, {}); }

// The status of the refusal, 0 when the head is accepted.
int refusal(const std::string& head, const net::HeadBounds& bounds = {}) {
  try {
    (void)net::parse_head(head, bounds);
    return 0;
  } catch (const net::BadRequest& bad) {
    CHECK_FALSE(std::string{bad.what()}.empty());
    return bad.status();
  }
}

int refusal_of_field(const std::string& field) { return refusal(kLine + kHost + field + "\r\n\r\n"); }

}  // namespace

TEST_CASE("head: an ordinary request is read completely", "[net]") {
  const auto head = parse(
      "POST /provision/x?y=z&a HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 12\r\nX-A: \t b c \t\r\n\r\n");
  CHECK(head.method == "POST");
  CHECK(head.target == "/provision/x?y=z&a");
  CHECK(head.path == "/provision/x");
  CHECK(head.query == "y=z&a");
  CHECK(head.minor_version == 1);
  CHECK(head.content_length == 12);
  CHECK_FALSE(head.chunked);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.expects_continue);
  REQUIRE(head.headers.size() == 3);
  CHECK(head.headers[2] == std::pair<std::string, std::string>{"X-A", "b c"});
}

TEST_CASE("head: a connection goes on by its version and its Connection header", "[net]") {
  CHECK(parse(kLine + kHost + "\r\n").keep_alive);
  CHECK(parse(kLine + kHost + "Connection: keep-alive\r\n\r\n").keep_alive);
  CHECK_FALSE(parse(kLine + kHost + "Connection: Close\r\n\r\n").keep_alive);
  CHECK_FALSE(parse(kLine + kHost + "Connection: upgrade , close\r\n\r\n").keep_alive);
  CHECK_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
}

TEST_CASE("head: HTTP 1.1 has exactly one Host and it is a host", "[net][I16]") {
  CHECK(refusal(kLine + "\r\n") == 400);
  CHECK(refusal(kLine + kHost + kHost + "\r\n") == 400);
  CHECK(refusal(kLine + kHost + "hOST: other.example\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.0\r\n" + kHost + kHost + "\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.0\r\n\r\n") == 0);
  for (const char* host : {"", "a b", "a,b", "user@host", "http://host", "host/path", "h\"ost"}) {
    CHECK(refusal(kLine + "Host: " + host + "\r\n\r\n") == 400);
  }
  CHECK(refusal(kLine + "Host: " + std::string(262, 'a') + "\r\n\r\n") == 400);
  for (const char* host :
       {"localhost", "localhost:8443", "127.0.0.1:1", "[2001:db8::1]:443", "under_score.x"}) {
    CHECK(refusal(kLine + "Host: " + host + "\r\n\r\n") == 0);
  }
}

TEST_CASE("head: Transfer-Encoding is exactly chunked and once and on 1.1 and without a length",
          "[net][I16]") {
  CHECK(parse(kLine + kHost + "Transfer-Encoding: chunked\r\n\r\n").chunked);
  for (const char* coding :
       {"gzip", "xchunked", "chunkedx", "chunked, identity", "identity, chunked", "chunked,", "Chunked",
        "CHUNKED", "\"chunked\"", "chunked;q=1", "", "identity"}) {
    CHECK(refusal_of_field("Transfer-Encoding: " + std::string{coding}) == 400);
  }
  CHECK(refusal_of_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") == 400);
  CHECK(refusal_of_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity") == 400);
  CHECK(refusal_of_field("Transfer-Encoding: chunked\r\nContent-Length: 5") == 400);
  CHECK(refusal_of_field("Content-Length: 5\r\nTransfer-Encoding: chunked") == 400);
  CHECK(refusal_of_field("Content-Length: 5\r\ntransfer-encoding: gzip") == 400);
  CHECK(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("head: Content-Length is one number of digits within the bound", "[net][I16]") {
  for (const char* length : {"+5", "-5", "0x5", "5,5", "5, 5", "5 5", "", "5;", "1e1", "5.0",
                             "9999999999999999999999", "\xd9\xa5"}) {
    CHECK(refusal_of_field("Content-Length: " + std::string{length}) == 400);
  }
  CHECK(refusal_of_field("Content-Length: 5\r\nContent-Length: 5") == 400);
  CHECK(refusal_of_field("Content-Length: 5\r\nContent-Length: 6") == 400);
  CHECK(refusal_of_field("Content-Length: 999999999999999999") == 0);  // its route refuses it
}

TEST_CASE("head: folded lines and spaces before the colon are refused", "[net][I16]") {
  CHECK(refusal_of_field("X-A: b\r\n folded") == 400);
  CHECK(refusal_of_field("X-A: b\r\n\tfolded") == 400);
  CHECK(refusal_of_field("X-A: b\r\n ") == 400);
  CHECK(refusal_of_field("X-A : b") == 400);
  CHECK(refusal_of_field("Content-Length : 5") == 400);
  CHECK(refusal_of_field(" X-A: b") == 400);
  CHECK(refusal_of_field("X A: b") == 400);
  CHECK(refusal_of_field(": b") == 400);
  CHECK(refusal_of_field("no colon") == 400);
  CHECK(refusal(kLine + " " + kHost + "\r\n") == 400);
}

TEST_CASE("head: control characters and bare line ends are refused wherever they stand", "[net][I16]") {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\t') {
      continue;  // white space inside a value
    }
    const std::string hostile(1, static_cast<char>(c));
    CHECK(refusal_of_field("X-A: b" + hostile + "c") == 400);
    CHECK(refusal_of_field("X-A" + hostile + ": b") == 400);
    CHECK(refusal("GET /" + hostile + " HTTP/1.1\r\n" + kHost + "\r\n") == 400);
  }
  CHECK(refusal_of_field("X-A: b\x7f") == 400);
  CHECK(refusal_of_field("X-A: b\tc") == 0);
  CHECK(refusal_of_field("X-A: caf\xc3\xa9") == 0);
  CHECK(refusal_of_field("X-\xc3\xa9: b") == 400);
  CHECK(refusal("POST / HTTP/1.1\n" + kHost + "\r\n") == 400);
  CHECK(refusal("\r\n" + kLine + kHost + "\r\n") == 400);
}

TEST_CASE("head: the request line is method and path and version with one space between", "[net][I16]") {
  const auto line = [](const std::string& text) { return refusal(text + "\r\n" + kHost + "\r\n"); };
  for (const char* text : {"",
                           "GET",
                           "GET /",
                           "GET  / HTTP/1.1",
                           "GET /  HTTP/1.1",
                           "GET\t/ HTTP/1.1",
                           " GET / HTTP/1.1",
                           "GET / HTTP/1.1 ",
                           "G@T / HTTP/1.1",
                           "GET http://ca.example/ HTTP/1.1",
                           "OPTIONS * HTTP/1.1",
                           "CONNECT ca.example:443 HTTP/1.1",
                           "GET x HTTP/1.1",
                           "GET /a b HTTP/1.1",
                           "GET /# HTTP/1.1",
                           "GET /\xc3\xa9 HTTP/1.1",
                           "GET / http/1.1",
                           "GET / HTTP/1.1x",
                           "GET / HTTP/11",
                           "GET / HTTP/1.",
                           "GET / XTTP/1.1"}) {
    CAPTURE(text);
    CHECK(line(text) == 400);
  }
  CHECK(line(std::string(33, 'M') + " / HTTP/1.1") == 400);
  for (const char* text : {"GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/1.2", "PRI * HTTP/2.0"}) {
    CAPTURE(text);
    CHECK(line(text) == 505);
  }
}

TEST_CASE("head: the number of fields and the length of the target are bounded", "[net][I16]") {
  std::string fields;
  for (int i = 0; i < 63; ++i) {
    fields += "X-A: b\r\n";
  }
  CHECK(refusal(kLine + kHost + fields + "\r\n") == 0);
  CHECK(refusal(kLine + kHost + fields + "X-A: b\r\n\r\n") == 431);
  const auto target = [](std::size_t size) {
    return refusal("GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n");
  };
  CHECK(target(8192) == 0);
  CHECK(target(8193) == 414);
}

TEST_CASE("head: the one expectation that can be met is 100-continue", "[net]") {
  CHECK(parse(kLine + kHost + "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n").expects_continue);
  CHECK_FALSE(parse("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
  CHECK(refusal_of_field("Expect: a miracle") == 417);
}

TEST_CASE("head: an Upgrade is ignored", "[net]") {
  const auto head = parse(kLine + kHost + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
  CHECK(head.keep_alive);
}

TEST_CASE("head: every prefix and every changed byte of a request is read or refused and never more",
          "[net][I16]") {
  const std::string good =
      "POST /a?b HTTP/1.1\r\nHost: ca.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(refusal(good.substr(0, size)) != 0);
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = good;
      changed[i] = static_cast<char>(byte);
      try {
        const auto head = parse(changed);
        REQUIRE(head.content_length <= 999'999'999'999'999'999);
        REQUIRE(head.target.starts_with('/'));
      } catch (const net::BadRequest& bad) {
        REQUIRE(bad.status() >= 400);
      }
    }
  }
}

TEST_CASE("head: what can become a head is waited for and what cannot is not", "[net][I16]") {
  for (const char* text : {"", "G", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost:\tx"}) {
    CHECK_FALSE(net::hopeless(text, 0));
  }
  const std::string hello{"\x16\x03\x01\x02\x00", 5};
  CHECK(net::hopeless(hello, 0));
  for (const char* text : {"GET / HTTP/1.1\n", "\n", "GET /\rx", "GET \x01"}) {
    CHECK(net::hopeless(text, 0));
  }
  CHECK_FALSE(
      net::hopeless("\x01"
                    "abc",
                    1));
  CHECK_FALSE(net::hopeless("ab\r\n", 3));
}
