#include <nlohmann/json.hpp>
#include <stdexcept>

#include "daemon/ops/health.hpp"
#include "tests/support/catch.hpp"

namespace {

struct Operations {
  std::vector<ops::Check> checks{{"ledger", true, "writable"}, {"token:issuing", true, "up"}};
  bool broken = false;
  ops::Metrics metrics;
  http::Router router;

  Operations() {
    ops::add_ops_routes(
        router,
        [this] {
          if (broken) {
            throw std::runtime_error{"the store is away"};
          }
          return checks;
        },
        metrics, "1.2.3");
  }

  http::HttpResponse get(const std::string& path) {
    const auto match = router.find("GET", path);
    REQUIRE(match.route != nullptr);
    http::HttpRequest request;
    request.method = "GET";
    request.path = path;
    CHECK(match.route->pool(request) == http::Pool::ops);
    return match.route->handler(request);
  }
};

bool not_stored(const http::HttpResponse& response) {
  return response.headers == decltype(response.headers){{"Cache-Control", "no-store"}};
}

}  // namespace

TEST_CASE("health: ready when every check holds and the body lists them", "[ops]") {
  Operations operations;
  const auto response = operations.get("/readyz");
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/json");
  CHECK(not_stored(response));
  const auto body = nlohmann::json::parse(response.body);
  CHECK(body.at("ready") == true);
  REQUIRE(body.at("checks").size() == 2);
  CHECK(body.at("checks")[1].at("name") == "token:issuing");
  CHECK(body.at("checks")[1].at("ok") == true);
}

TEST_CASE("health: one failed check is 503 and names itself", "[ops]") {
  Operations operations;
  operations.checks[1] = {"token:issuing", false, "no answer for 12 s"};
  const auto response = operations.get("/readyz");
  CHECK(response.status == 503);
  CHECK(response.cause == "token:issuing");
  CHECK(not_stored(response));
  const auto body = nlohmann::json::parse(response.body);
  CHECK(body.at("ready") == false);
  CHECK(body.at("checks")[0].at("ok") == true);
  CHECK(body.at("checks")[1].at("detail") == "no answer for 12 s");
}

TEST_CASE("health: a check that does not decide is shown and changes nothing", "[ops]") {
  Operations operations;
  operations.checks[1] = {"token:issuing", false, "no answer for 12 s", false};
  const auto response = operations.get("/readyz");
  CHECK(response.status == 200);
  CHECK(response.cause.empty());
  const auto body = nlohmann::json::parse(response.body);
  CHECK(body.at("checks")[1].at("ok") == false);
  CHECK(body.at("checks")[1].at("decides") == false);
}

TEST_CASE("health: a check that cannot be made is a failed check", "[ops][I16]") {
  Operations operations;
  operations.broken = true;
  const auto response = operations.get("/readyz");
  CHECK(response.status == 503);
  CHECK_THAT(response.body, Contains("the store is away"));
}

TEST_CASE("health: alive and version need no check", "[ops]") {
  Operations operations;
  operations.broken = true;
  CHECK(operations.get("/livez").status == 200);
  CHECK(not_stored(operations.get("/livez")));
  CHECK(nlohmann::json::parse(operations.get("/version").body).at("version") == "1.2.3");
}

TEST_CASE("health: metrics are the text format 0.0.4", "[ops]") {
  Operations operations;
  operations.metrics.add("chancery_issued_total", "certificates");
  const auto response = operations.get("/metrics");
  CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK_THAT(response.body, Contains("\nchancery_issued_total 1\n"));
}
