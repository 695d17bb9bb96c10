#include "daemon/status/ocsp_routes.hpp"

#include "ca/base/base64.hpp"
#include "daemon/status/ocsp_path.hpp"
#include "tests/support/catch.hpp"

using status::ocsp_request_in;

namespace {

const ca::Seconds kNow{std::chrono::seconds{1'795'521'600}};  // 2026-11-24T12:00:00Z

ca::OcspResponder::Reply kept(std::chrono::seconds left) {
  ca::OcspAnswer answer{ca::OcspResult::good, {1, 2, 3}, {}};
  answer.freshness = {kNow - std::chrono::hours{1}, kNow + left, "abcd"};
  return {std::make_shared<const ca::OcspAnswer>(answer), "", kNow};
}

std::string value(const http::HttpResponse& response, std::string_view name) {
  for (const auto& [header, text] : response.headers) {
    if (header == name) {
      return text;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("ocsp over http: the request is read from paths in all the forms that clients write", "[status]") {
  const ca::Bytes der{0x30, 0xFB, 0xEF, 0xBE, 0xFF, 0xFF};
  REQUIRE(ca::to_base64(der) == "MPvvvv//");
  CHECK(ocsp_request_in("/ocsp/MPvvvv//") == der);
  CHECK(ocsp_request_in("/MPvvvv//") == der);
  CHECK(ocsp_request_in("/ocsp/MPvvvv%2F%2f") == der);
  CHECK(ocsp_request_in("/ocsp/MPvvvv__") == der);
  CHECK(ocsp_request_in("/ocsp/MA%3D%3D") == ca::Bytes{0x30});
  CHECK(ocsp_request_in("/ocsp/MA==") == ca::Bytes{0x30});
  CHECK(ocsp_request_in("/ocsp/MA") == ca::Bytes{0x30});
}

TEST_CASE("ocsp over http: what is no base64 is no request", "[status][I16]") {
  for (const char* path : {"", "/", "/ocsp/", "/ocsp/%", "/ocsp/%4", "/ocsp/%zz", "/ocsp/M A", "/ocsp/M",
                           "/ocsp/MB==", "/ocsp/MA===", "/ocsp/=", "/ocsp/%00", "/ocsp/MA==MA=="}) {
    INFO(path);
    CHECK_FALSE(ocsp_request_in(path));
  }
  CHECK_FALSE(ocsp_request_in("/ocsp/" + std::string(20000, 'M')));
}

TEST_CASE("ocsp over http: a kept answer may be kept by others for five minutes or half of what is left",
          "[status]") {
  const auto response = status::ocsp_response({.method = "GET"}, kept(std::chrono::hours{3}));
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/ocsp-response");
  CHECK(response.body == "\x01\x02\x03");
  CHECK(value(response, "Cache-Control") == "max-age=300, public, no-transform, must-revalidate");
  CHECK(value(response, "ETag") == "\"abcd\"");
  CHECK(value(response, "Last-Modified") == "Tue, 24 Nov 2026 11:00:00 GMT");
  CHECK(value(response, "Expires") == "Tue, 24 Nov 2026 12:05:00 GMT");
  const auto late = status::ocsp_response({.method = "GET"}, kept(std::chrono::seconds{90}));
  CHECK(value(late, "Cache-Control") == "max-age=45, public, no-transform, must-revalidate");
}

TEST_CASE("ocsp over http: who holds the answer gets 304 to a GET", "[status]") {
  const std::vector<std::pair<std::string, std::string>> holds{{"If-None-Match", "\"abcd\""}};
  const auto same = status::ocsp_response({.method = "GET", .headers = holds}, kept(std::chrono::hours{3}));
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(value(same, "ETag") == "\"abcd\"");
  CHECK(status::ocsp_response({.method = "POST", .headers = holds}, kept(std::chrono::hours{3})).status ==
        200);
}

TEST_CASE("ocsp over http: what is about this question only is kept by nobody", "[status]") {
  const auto answer =
      std::make_shared<const ca::OcspAnswer>(ca::OcspAnswer{ca::OcspResult::unknown, {9}, {}});
  const auto response = status::ocsp_response({.method = "GET"}, {answer, "why", kNow});
  CHECK(response.status == 200);
  CHECK(value(response, "Cache-Control") == "no-store");
  CHECK(value(response, "ETag").empty());
  CHECK(response.cause == "why");
}
