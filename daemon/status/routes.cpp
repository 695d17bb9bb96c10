#include "daemon/status/routes.hpp"

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace status {
namespace {

using http::HttpRequest;
using http::HttpResponse;

constexpr std::string_view kPrefix = "/ca/";
constexpr std::string_view kSuffix = ".cer";

// RFC 9457. No text from the request goes in, so nothing needs escaping.
HttpResponse problem(int code, std::string_view name, std::string_view title, std::string_view detail) {
  std::string body = "{\"type\":\"urn:chancery:problem:";
  body += name;
  body += "\",\"title\":\"";
  body += title;
  body += "\",\"status\":" + std::to_string(code) + ",\"detail\":\"";
  body += detail;
  body += "\",\"code\":\"";
  body += name;
  body += "\"}";
  return {.status = code, .content_type = "application/problem+json", .body = std::move(body), .headers = {}};
}

HttpResponse not_found() {
  HttpResponse response = problem(404, "resource_not_found", "Not found",
                                  "there is no authority with a certificate of that name");
  // An authority may get its certificate at any moment.
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse unavailable(const std::string& cause) {
  HttpResponse response = problem(503, "unavailable", "Temporarily not available", "send the request again");
  response.headers.emplace_back("Retry-After", "1");
  response.cause = cause;
  return response;
}

HttpResponse failed(const std::string& cause) {
  HttpResponse response =
      problem(500, "internal", "Internal failure", "the cause is in the log of the service");
  response.cause = cause;
  return response;
}

HttpResponse serve(ca::AuthorityService& authorities, const HttpRequest& request) {
  try {
    const auto id = authority_id(request.path);
    const auto der = id ? authorities.public_certificate(*id) : std::nullopt;
    return der ? certificate_response(request, *der) : not_found();
  } catch (const ca::Error& error) {
    return error.code() == ca::Code::unavailable ? unavailable(error.what()) : failed(error.what());
  } catch (const std::exception& error) {
    return failed(error.what());
  } catch (...) {
    return failed("not a std::exception");
  }
}

}  // namespace

std::optional<std::string> authority_id(std::string_view path) {
  if (!path.starts_with(kPrefix) || !path.ends_with(kSuffix) ||
      path.size() <= kPrefix.size() + kSuffix.size()) {
    return std::nullopt;
  }
  const auto id = path.substr(kPrefix.size(), path.size() - kPrefix.size() - kSuffix.size());
  return ca::is_uuid(id) ? std::optional{std::string{id}} : std::nullopt;
}

HttpResponse certificate_response(const HttpRequest& request, const ca::Bytes& der) {
  const std::string tag = '"' + ca::to_hex(ca::sha256(der)) + '"';
  HttpResponse response{
      .content_type = "application/pkix-cert",
      .headers = {{"ETag", tag}, {"Cache-Control", "public, max-age=3600"}},
  };
  const auto held = request.header("If-None-Match");
  if (held && held->find(tag) != std::string_view::npos) {
    response.status = 304;
    response.content_type.clear();
  } else {
    response.body = ca::text_of(der);
  }
  return response;
}

void add_routes(http::Router& router, ca::AuthorityService& authorities) {
  router.add({
      .method = "GET",
      .path = "/ca/*",
      .pool = [](const HttpRequest&) { return http::Pool::status; },
      .handler = [&authorities](const HttpRequest& request) { return serve(authorities, request); },
      .max_body = 1024,
      .when_full = [](const HttpRequest&) { return unavailable("the queue is full"); },
  });
}

}  // namespace status
