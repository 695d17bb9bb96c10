#include <array>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ops/health.hpp"
#include "daemon/ops/metrics.hpp"
#include "daemon/ops/systemd_notify.hpp"
#include "tests/support/catch.hpp"

namespace {

http::HttpResponse get(const http::Router& router, const std::string& path) {
  http::HttpRequest request;
  request.method = "GET";
  request.path = path;
  return router.find("GET", path).route->handler(request);
}

}  // namespace

TEST_CASE("metrics: counters add up and gauges hold the last value", "[ops]") {
  ops::Metrics metrics;
  metrics.add("chancery_requests_total", "Requests.", {{"operation", "IssueCertificate"}});
  metrics.add("chancery_requests_total", "Requests.", {{"operation", "IssueCertificate"}}, 2);
  metrics.on_scrape([](ops::Metrics& m) { m.set("chancery_up", "Up.", 1); });
  metrics.observe_seconds("chancery_seconds", "Seconds.", 0.003);
  const auto text = metrics.render();
  CHECK(text.find("chancery_requests_total{operation=\"IssueCertificate\"} 3") != std::string::npos);
  CHECK(text.find("chancery_up 1") != std::string::npos);
  CHECK(text.find("chancery_seconds_bucket{le=\"0.005\"} 1") != std::string::npos);
}

TEST_CASE("health: one failing check makes the daemon not ready and says which", "[ops]") {
  ops::Metrics metrics;
  http::Router router;
  bool token_ok = true;
  ops::add_ops_routes(
      router,
      [&] {
        return std::vector<ops::Check>{{"ledger", true, ""}, {"token:issuing", token_ok, "CKR_DEVICE_ERROR"}};
      },
      metrics, "1.2.3");
  CHECK(get(router, "/livez").status == 200);
  CHECK(get(router, "/readyz").status == 200);
  token_ok = false;
  const auto answer = get(router, "/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.body.find("token:issuing") != std::string::npos);
  CHECK(get(router, "/livez").status == 200);
  CHECK(get(router, "/version").body.find("1.2.3") != std::string::npos);
}

TEST_CASE("notify: the service manager's socket gets the state", "[ops]") {
  std::string folder = "/tmp/chancery-notify-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/socket";
  const int server = socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  REQUIRE(bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  ops::notify("READY=1");
  std::array<char, 32> got{};
  CHECK(recv(server, got.data(), got.size(), MSG_DONTWAIT) == 7);
  CHECK(std::string{got.data()} == "READY=1");
  unsetenv("NOTIFY_SOCKET");
  ops::notify("READY=1");
  close(server);
  unlink(path.c_str());
  rmdir(folder.c_str());
}
