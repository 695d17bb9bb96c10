#include "daemon/status/routes.hpp"

#include "ca/base/hex.hpp"
#include "daemon/status/problem.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const ca::Seconds kDate{1'795'521'600s};  // 2026-11-24T12:00:00Z
constexpr const char* kDateText = "Tue, 24 Nov 2026 12:00:00 GMT";

ca::PublishedCrl crl() {
  ca::PublishedCrl made;
  made.der = std::make_shared<const ca::Bytes>(ca::Bytes{1, 2, 3, 4});
  made.sha256.fill(0xab);
  made.modified = kDate;
  return made;
}

http::HttpResponse asked(const Headers& headers, ca::TimePoint now = kDate + 1h) {
  return status::crl_response({.method = "GET", .headers = headers}, crl(), now);
}

std::string value(const http::HttpResponse& response, std::string_view name) {
  for (const auto& [header, text] : response.headers) {
    if (header == name) {
      return text;
    }
  }
  return "";
}

const std::string kTag = '"' + ca::to_hex(crl().sha256) + '"';

}  // namespace

TEST_CASE("crl over http: who holds it by its tag or its date gets 304", "[status]") {
  const auto whole = asked({});
  CHECK(whole.status == 200);
  CHECK(whole.payload().size() == 4);
  CHECK(value(whole, "ETag") == kTag);
  CHECK(value(whole, "Last-Modified") == kDateText);
  CHECK(asked({{"If-None-Match", kTag}}).status == 304);
  CHECK(asked({{"If-Modified-Since", kDateText}}).status == 304);
}

TEST_CASE("crl over http: the tag alone decides where both are sent", "[status]") {
  CHECK(asked({{"If-None-Match", "\"another\""}, {"If-Modified-Since", kDateText}}).status == 200);
}

TEST_CASE("crl over http: another date is no reason for 304", "[status]") {
  CHECK(asked({{"If-Modified-Since", "Tue, 24 Nov 2026 11:59:59 GMT"}}).status == 200);
  CHECK(asked({{"If-Modified-Since", "Tue, 24 Nov 2026 12:00:01 GMT"}}).status == 200);
}

TEST_CASE("crl over http: before its second has come no date is said and none is heard", "[status]") {
  const auto early = ca::TimePoint{kDate} - 1ms;
  CHECK(value(asked({}, early), "Last-Modified").empty());
  CHECK(asked({{"If-Modified-Since", kDateText}}, early).status == 200);
  CHECK(asked({{"If-None-Match", kTag}}, early).status == 304);
  const auto part = [](const std::string& condition, ca::TimePoint now) {
    return asked({{"Range", "bytes=0-1"}, {"If-Range", condition}}, now).status;
  };
  CHECK(part(kDateText, early) == 200);
  CHECK(part(kTag, early) == 206);
  CHECK(part(kDateText, kDate) == 206);
}

TEST_CASE("status problems: they are RFC 9457 and kept by no cache", "[status]") {
  const auto response = status::unavailable("the queue is full");
  CHECK(response.status == 503);
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.body ==
        "{\"type\":\"urn:chancery:problem:unavailable\",\"title\":\"Temporarily not available\","
        "\"status\":503,\"detail\":\"send the request again\",\"code\":\"unavailable\"}");
  CHECK(value(response, "Retry-After") == "1");
  CHECK(value(response, "Cache-Control") == "no-store");
  CHECK(response.cause == "the queue is full");
}
