#include "daemon/http/router.hpp"
#include "tests/support/catch.hpp"

namespace {

http::Route route(const std::string& method, const std::string& path) {
  http::Route made;
  made.method = method;
  made.path = path;
  return made;
}

}  // namespace

TEST_CASE("router: an exact path is found and nothing near it", "[http]") {
  http::Router router;
  router.add(route("POST", "/"));
  router.add(route("GET", "/livez"));
  CHECK(router.find("POST", "/").route->path == "/");
  CHECK(router.find("GET", "/livez").route->path == "/livez");
  for (const char* path : {"/livez/", "/live", "/livezz", "//livez", "", "/LIVEZ"}) {
    CHECK(router.find("GET", path).route == nullptr);
    CHECK_FALSE(router.find("GET", path).path_known);
  }
}

TEST_CASE("router: an exact path wins over every prefix and a longer prefix over a shorter one", "[http]") {
  http::Router router;
  router.add(route("GET", "/a*"));
  router.add(route("GET", "/ab"));
  router.add(route("GET", "/abc/*"));
  router.add(route("GET", "/*"));
  CHECK(router.find("GET", "/ab").route->path == "/ab");
  CHECK(router.find("GET", "/a").route->path == "/a*");
  CHECK(router.find("GET", "/abc/").route->path == "/abc/*");
  CHECK(router.find("GET", "/abc/d/e").route->path == "/abc/*");
  CHECK(router.find("GET", "/x").route->path == "/*");
}

TEST_CASE("router: another method on a known path is told from an unknown path", "[http]") {
  http::Router router;
  router.add(route("GET", "/v1/status"));
  router.add(route("POST", "/v1/*"));
  router.add(route("GET", "/v1/*"));
  const auto match = router.find("DELETE", "/v1/status");
  CHECK(match.route == nullptr);
  CHECK(match.path_known);
  CHECK(router.allowed("/v1/status") == "GET, HEAD, POST");
  CHECK(router.allowed("/v2").empty());
}

TEST_CASE("router: HEAD is found where GET is and nowhere else", "[http]") {
  http::Router router;
  router.add(route("GET", "/a"));
  router.add(route("POST", "/b"));
  CHECK(router.find("HEAD", "/a").route->path == "/a");
  CHECK(router.find("HEAD", "/b").route == nullptr);
  CHECK(router.find("HEAD", "/b").path_known);
  CHECK(router.allowed("/b") == "POST");
  CHECK(router.find("get", "/a").route == nullptr);
}

TEST_CASE("message: a header is found by its name in any case and the first one counts", "[http]") {
  http::HttpRequest request;
  request.headers = {{"X-Amz-Date", "1"}, {"x-amz-date", "2"}, {"X-Empty", ""}};
  CHECK(request.header("x-AMZ-date") == "1");
  CHECK(request.header("x-empty") == "");
  CHECK_FALSE(request.header("x-amz-dat").has_value());
  CHECK_FALSE(request.header("x-amz-date2").has_value());
}

TEST_CASE("router: two protocols share a path by the media type of the body", "[http]") {
  http::Router router;
  router.add(route("POST", "/"));
  http::Route form = route("POST", "/");
  form.max_body = 7;
  form.media_type = "application/x-www-form-urlencoded";
  router.add(form);
  CHECK(router.find("POST", "/", "Application/X-WWW-Form-Urlencoded ; charset=utf-8").route->max_body == 7);
  for (const char* other : {"", "application/x-amz-json-1.1", "application/x-www-form-urlencoded2", ";"}) {
    CHECK(router.find("POST", "/", other).route->max_body == http::kOrdinaryBody);
  }
}
