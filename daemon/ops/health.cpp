#include "daemon/ops/health.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ops {
namespace {

http::HttpResponse json_answer(int status, const nlohmann::json& body) {
  http::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  response.headers = {{"Cache-Control", "no-store"}};
  return response;
}

// A check that cannot be made is a check that failed: probes want 503, and the reason.
std::vector<Check> made(const std::function<std::vector<Check>()>& checks) {
  try {
    return checks();
  } catch (const std::exception& error) {
    return {{"checks", false, error.what()}};
  }
}

http::HttpResponse readiness(const std::vector<Check>& checks) {
  const bool ready = std::all_of(checks.begin(), checks.end(),
                                 [](const Check& check) { return check.ok || !check.decides; });
  nlohmann::json body{{"ready", ready}, {"checks", nlohmann::json::array()}};
  for (const Check& check : checks) {
    body["checks"].push_back(
        {{"name", check.name}, {"ok", check.ok}, {"decides", check.decides}, {"detail", check.detail}});
  }
  http::HttpResponse response = json_answer(ready ? 200 : 503, body);
  if (!ready) {
    for (const Check& check : checks) {
      response.cause += check.ok ? "" : (response.cause.empty() ? "" : ", ") + check.name;
    }
  }
  return response;
}

}  // namespace

void add_ops_routes(http::Router& router, std::function<std::vector<Check>()> checks, Metrics& metrics,
                    std::string version) {
  const auto get = [&router](const std::string& path, http::Handler handler) {
    http::Route route;
    route.method = "GET";
    route.path = path;
    route.pool = [](const http::HttpRequest&) { return http::Pool::ops; };
    route.handler = std::move(handler);
    route.max_body = 0;
    router.add(std::move(route));
  };
  get("/livez", [](const http::HttpRequest&) { return json_answer(200, {{"alive", true}}); });
  get("/readyz", [checks](const http::HttpRequest&) { return readiness(made(checks)); });
  get("/version", [version](const http::HttpRequest&) { return json_answer(200, {{"version", version}}); });
  get("/metrics", [&metrics](const http::HttpRequest&) {
    http::HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics.render();
    response.headers = {{"Cache-Control", "no-store"}};
    return response;
  });
}

}  // namespace ops
