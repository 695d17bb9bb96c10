#include "daemon/http/router.hpp"
#include "tests/support/catch.hpp"

namespace {

http::Route route(const std::string& method, const std::string& path, std::size_t max_body = 0) {
  http::Route made;
  made.method = method;
  made.path = path;
  made.max_body = max_body;
  return made;
}

}  // namespace

TEST_CASE("router: the most specific path wins and other methods are told apart from unknown paths",
          "[http]") {
  http::Router router;
  router.add(route("POST", "/provision", 10));
  router.add(route("GET", "/provision/*", 20));
  router.add(route("GET", "/*"));
  CHECK(router.find("GET", "/provision/1").route->path == "/provision/*");
  CHECK(router.find("HEAD", "/provision/1").route->path == "/provision/*");
  CHECK(router.find("GET", "/other").route->path == "/*");
  CHECK(router.find("DELETE", "/provision").route == nullptr);
  CHECK(router.find("DELETE", "/provision").path_known);
  CHECK(router.max_body() == 20);
}
