#include "daemon/status/ocsp_routes.hpp"

#include <algorithm>

#include "ca/x509/ocsp.hpp"
#include "daemon/http/http_date.hpp"
#include "daemon/status/ocsp_path.hpp"
#include "daemon/status/problem.hpp"

namespace status {
namespace {

using http::HttpRequest;
using http::HttpResponse;

// A revocation must not hide behind caches for longer, however long an answer holds.
constexpr std::chrono::seconds kMaxAge{300};

std::string date(ca::Seconds time) { return http::http_date(time.time_since_epoch().count()); }

bool is_ocsp_request(std::string_view content_type) {
  static constexpr std::string_view kType = "application/ocsp-request";
  const auto end = content_type.find_first_of("; \t");
  return std::ranges::equal(content_type.substr(0, end), kType, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

HttpResponse wrong_media_type() {
  return problem(415, "unsupported_media_type", "Unsupported media type",
                 "an OCSP request has the media type application/ocsp-request");
}

// The request's DER; empty, which is malformed, when there is none.
ca::Bytes request_of(const HttpRequest& request) {
  if (request.method == "POST") {
    const ca::ByteView body = ca::bytes_of(request.body);
    return {body.begin(), body.end()};
  }
  return ocsp_request_in(request.path).value_or(ca::Bytes{});
}

HttpResponse unsigned_answer(ca::OcspError status, const std::string& cause) {
  return {.content_type = "application/ocsp-response",
          .body = ca::text_of(ca::ocsp_error(status)),
          .headers = {{"Cache-Control", "no-store"}},
          .cause = cause};
}

class Routes {
 public:
  Routes(ca::AuthorityService& authorities, http::Handler otherwise)
      : authorities_{authorities}, otherwise_{std::move(otherwise)} {}

  void add(http::Router& router, const char* method, const char* path) const {
    router.add({
        .method = method,
        .path = path,
        .pool = [](const HttpRequest&) { return http::Pool::status; },
        .handler = [self = *this](const HttpRequest& request) { return self.serve(request); },
        .at_once = [self = *this](const HttpRequest& request) { return self.serve_at_once(request); },
        .max_body = ca::kMaxOcspRequestBytes,
        .when_too_large =
            [](const HttpRequest&) {
              return unsigned_answer(ca::OcspError::malformed_request, "larger than any OCSP request");
            },
        .share_of = [](HttpRequest& request) { return request.remote_network; },
        .when_throttled = [](const HttpRequest&) { return unsigned_answer(ca::OcspError::try_later, ""); },
        .when_full = [](const HttpRequest&) { return unsigned_answer(ca::OcspError::try_later, ""); },
    });
  }

 private:
  // By its form alone.
  [[nodiscard]] static bool is_question(const HttpRequest& request) {
    if (request.method == "POST") {
      return is_ocsp_request(request.header("Content-Type").value_or(""));
    }
    return request.path.starts_with("/ocsp/") || request.path.find('.') == std::string::npos;
  }
  [[nodiscard]] HttpResponse serve(const HttpRequest& request) const {
    if (!is_question(request)) {
      return request.method == "POST" ? wrong_media_type() : otherwise_(request);
    }
    return ocsp_response(request, authorities_.answer_ocsp(request_of(request), request.remote_network));
  }
  [[nodiscard]] std::optional<HttpResponse> serve_at_once(const HttpRequest& request) const {
    if (!is_question(request)) {
      // What else is served here is in memory as well.
      return request.method == "POST" ? std::nullopt : std::optional{otherwise_(request)};
    }
    auto reply = authorities_.answer_ocsp_at_once(request_of(request));
    return reply ? std::optional{ocsp_response(request, *std::move(reply))} : std::nullopt;
  }

  ca::AuthorityService& authorities_;
  http::Handler otherwise_;
};

}  // namespace

HttpResponse ocsp_response(const HttpRequest& request, ca::OcspResponder::Reply reply) {
  HttpResponse response{.content_type = "application/ocsp-response",
                        .headers = {},
                        .cause = std::move(reply.cause),
                        .routine = true};
  const auto& freshness = reply.answer->freshness;
  if (!freshness) {
    response.body = ca::text_of(reply.answer->der);
    response.headers = {{"Cache-Control", "no-store"}};
    return response;
  }
  const auto left = std::max(freshness->next_update - reply.at, std::chrono::seconds{0});
  const auto max_age = std::min<std::chrono::seconds>(left / 2, kMaxAge);
  const std::string tag = '"' + freshness->etag + '"';
  response.headers = {
      {"Cache-Control",
       "max-age=" + std::to_string(max_age.count()) + ", public, no-transform, must-revalidate"},
      {"ETag", tag},
      {"Last-Modified", date(freshness->this_update)},
      {"Expires", date(reply.at + max_age)},
  };
  const auto held = request.header("If-None-Match");
  if (request.method != "POST" && held && held->find(tag) != std::string_view::npos) {
    response.status = 304;
    response.content_type.clear();
  } else {
    response.body = ca::text_of(reply.answer->der);
  }
  return response;
}

void add_ocsp_routes(http::Router& router, ca::AuthorityService& authorities, http::Handler otherwise) {
  const Routes routes{authorities, std::move(otherwise)};
  routes.add(router, "POST", "/ocsp");
  routes.add(router, "POST", "/");
  routes.add(router, "GET", "/ocsp/*");
  routes.add(router, "GET", "/M*");  // the base64 of a SEQUENCE
}

}  // namespace status
