#include "daemon/status/problem.hpp"

namespace status {

http::HttpResponse problem(int status, std::string_view name, std::string_view title,
                           std::string_view detail) {
  std::string body = "{\"type\":\"urn:chancery:problem:";
  body += name;
  body += "\",\"title\":\"";
  body += title;
  body += "\",\"status\":" + std::to_string(status) + ",\"detail\":\"";
  body += detail;
  body += "\",\"code\":\"";
  body += name;
  body += "\"}";
  return {.status = status,
          .content_type = "application/problem+json",
          .body = std::move(body),
          .headers = {{"Cache-Control", "no-store"}}};
}

http::HttpResponse not_found(std::string_view detail) {
  return problem(404, "resource_not_found", "Not found", detail);
}

http::HttpResponse unavailable(const std::string& cause) {
  http::HttpResponse response =
      problem(503, "unavailable", "Temporarily not available", "send the request again");
  response.headers.emplace_back("Retry-After", "1");
  response.cause = cause;
  return response;
}

}  // namespace status
