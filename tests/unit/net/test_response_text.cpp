#include "daemon/net/response_text.hpp"
#include "tests/support/catch.hpp"

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("response: date and length and request id are always there", "[net]") {
  http::HttpResponse response;
  response.content_type = "text/plain";
  response.body = "hello";
  response.headers = {{"Cache-Control", "no-store"}};
  const std::string head = net::response_head(response, {.request_id = "an-id"});
  CHECK_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  CHECK(holds(head,
              " GMT\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nx-amzn-RequestId: "
              "an-id\r\nCache-Control: no-store\r\n\r\n"));
  CHECK_FALSE(holds(head, "Connection:"));
  CHECK(holds(net::response_head(response, {.request_id = "an-id", .close = true}),
              "\r\nConnection: close\r\n\r\n"));
  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto date = head.substr(head.find("Date: ") + 6, 29);
  CHECK(date.substr(3, 2) == ", ");
  CHECK(date.substr(16, 1) == " ");
  CHECK(date.substr(25) == " GMT");
}

TEST_CASE("response: no value of a handler can split or frame the answer", "[net][I16]") {
  http::HttpResponse response;
  response.content_type = "text/plain\r\nX-Evil: 1";
  response.headers = {{"Location", "/a\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK"},
                      {"content-length", "0"},
                      {"Transfer-Encoding", "chunked"},
                      {"Connection", "keep-alive"}};
  response.body = "body";
  const std::string head = net::response_head(response, {.request_id = "an-id"});
  CHECK_FALSE(holds(head, "\nX-Evil"));
  CHECK(head.find("\r\n\r\n") == head.size() - 4);
  CHECK(holds(head, "Content-Length: 4\r\n"));
  CHECK_FALSE(holds(head, "content-length"));
  CHECK_FALSE(holds(head, "chunked"));
  CHECK_FALSE(holds(head, "keep-alive"));
}

TEST_CASE("response: answers without a body have none", "[net]") {
  CHECK(net::may_have_body("GET", 200));
  CHECK(net::may_have_body("POST", 503));
  CHECK_FALSE(net::may_have_body("HEAD", 200));
  CHECK_FALSE(net::may_have_body("GET", 204));
  CHECK_FALSE(net::may_have_body("GET", 304));
  http::HttpResponse response;
  response.status = 304;
  CHECK_FALSE(holds(net::response_head(response, {.request_id = "an-id"}), "Content-Length"));
}

TEST_CASE("response: a problem document is JSON whatever its detail", "[net]") {
  const auto response = net::problem(400, "a \"quoted\" \\ detail\r\n");
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.body ==
        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
        "\"detail\":\"a \\\"quoted\\\" \\\\ detail  \"}");
}
