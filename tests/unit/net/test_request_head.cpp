#include "daemon/net/request_head.hpp"
#include "daemon/net/response_text.hpp"
#include "tests/support/catch.hpp"

namespace {

const net::HeadBounds kBounds{.fields = 8, .target_bytes = 64, .body_bytes = 1000};

int status_of(const std::string& head) {
  try {
    (void)net::parse_head(head, kBounds);
  } catch (const net::BadHead& bad) {
    return bad.status();
  }
  return 0;
}

std::string post(const std::string& headers) { return "POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n"; }

}  // namespace

TEST_CASE("head: a plain request is read with its parts as they were sent", "[net]") {
  const auto head = net::parse_head(
      "POST /provision/x?y=%20z HTTP/1.1\r\nHost: localhost:8443\r\nContent-Length: 12\r\nX-A:  b c \r\n\r\n",
      kBounds);
  CHECK(head.method == "POST");
  CHECK(head.path == "/provision/x");
  CHECK(head.query == "y=%20z");
  CHECK(head.content_length == 12);
  CHECK(head.keep_alive);
  CHECK(head.headers.at(2) == std::pair<std::string, std::string>{"X-A", "b c"});
}

TEST_CASE("head: what two readers could frame differently is refused", "[net][I16]") {
  CHECK(status_of(post("Content-Length: 5\r\nContent-Length: 5\r\n")) == 400);
  CHECK(status_of(post("Content-Length: 5\r\nContent-Length: 6\r\n")) == 400);
  CHECK(status_of(post("Content-Length: 5, 5\r\n")) == 400);
  CHECK(status_of(post("Content-Length: +5\r\n")) == 400);
  CHECK(status_of(post("Content-Length: 0x5\r\n")) == 400);
  CHECK(status_of(post("Content-Length: \r\n")) == 400);
  CHECK(status_of(post("Content-Length: 99999999999999999999\r\n")) == 400);
  CHECK(status_of(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: gzip\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked, identity\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: xchunked\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked\r\n")) == 411);
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("head: lines that only lenient parsers take are refused", "[net][I16]") {
  CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of(post("X: a\r\n b\r\n")) == 400);
  CHECK(status_of(post("X : a\r\n")) == 400);
  CHECK(status_of(post(": a\r\n")) == 400);
  CHECK(status_of(post("X\r\n")) == 400);
  CHECK(status_of(post("X: a\nY: b\r\n")) == 400);
  CHECK(status_of(post("X: a\rb\r\n")) == 400);
  CHECK(status_of(post(std::string{"X: a\0b\r\n", 8})) == 400);
  CHECK(status_of(post("X: a\x01\r\n")) == 400);
  CHECK(status_of("POST  / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("POST http://a/ HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(status_of("POST / FTP\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("head: bounds hold at their edge", "[net][I16]") {
  CHECK(status_of(post("Content-Length: 1000\r\n")) == 0);
  CHECK(status_of(post("Content-Length: 1001\r\n")) == 413);
  CHECK(status_of("GET /" + std::string(63, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  CHECK(status_of("GET /" + std::string(64, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 431);
  std::string fields;
  for (int i = 0; i < 7; ++i) {
    fields += "X: a\r\n";
  }
  CHECK(status_of(post(fields)) == 0);
  CHECK(status_of(post(fields + "X: a\r\n")) == 431);
}

TEST_CASE("head: keep-alive follows version and Connection", "[net]") {
  CHECK_FALSE(net::parse_head(post("Connection: foo, Close\r\n"), kBounds).keep_alive);
  CHECK_FALSE(net::parse_head("GET / HTTP/1.0\r\nHost: a\r\n\r\n", kBounds).keep_alive);
  CHECK(net::parse_head(post("Expect: 100-continue\r\n"), kBounds).expects_continue);
  CHECK(status_of(post("Expect: tea\r\n")) == 417);
}

TEST_CASE("head: every truncation of a good request is refused or incomplete but never read past its end",
          "[net][I16]") {
  const std::string good = post("Content-Length: 5\r\nX-Amz-Target: a\r\n");
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(status_of(good.substr(0, size)) == 400);
  }
}

TEST_CASE("response: no header value can split a response", "[net]") {
  http::HttpResponse response;
  response.headers = {{"Location", "/a\r\nSet-Cookie: x"}};
  const auto text = net::serialize(response, {.request_id = "r", .close = true});
  CHECK(text.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(text.find("Connection: close\r\n") != std::string::npos);
}
