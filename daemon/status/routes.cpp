#include "daemon/status/routes.hpp"

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certs_only.hpp"
#include "daemon/http/byte_range.hpp"
#include "daemon/http/http_date.hpp"
#include "daemon/status/ocsp_routes.hpp"
#include "daemon/status/problem.hpp"

namespace status {
namespace {

using http::HttpRequest;
using http::HttpResponse;

// A new CRL comes with a revocation, so nobody keeps an old one for long.
constexpr const char* kCrlCaching = "public, max-age=30";

struct Sources {
  ca::AuthorityService& authorities;
  const ca::Clock& clock;
};

HttpResponse nothing() { return not_found("nothing of that name is published here"); }

HttpResponse failed(const std::string& cause) {
  HttpResponse response =
      problem(500, "internal", "Internal failure", "the cause is in the log of the service");
  response.cause = cause;
  return response;
}

HttpResponse find(const Sources& from, const HttpRequest& request) {
  ca::AuthorityService& authorities = from.authorities;
  if (const auto name = named_in(request.path, "/ca/", ".cer")) {
    const auto der = authorities.public_certificate(*name);
    return der ? certificate_response(request, *der, "application/pkix-cert") : nothing();
  }
  if (const auto name = named_in(request.path, "/ca/", ".p7c")) {
    const auto chain = authorities.public_chain(*name);
    return chain.empty() ? nothing()
                         : certificate_response(request, ca::certs_only(chain), "application/pkcs7-mime");
  }
  const auto slash = request.path.rfind('/');
  const auto name = named_in(std::string_view{request.path}.substr(slash), "/", ".crl");
  const auto crl = name ? authorities.crl(name->text()) : nullptr;
  return crl ? crl_response(request, *crl, from.clock.now()) : nothing();
}

HttpResponse serve(const Sources& from, const HttpRequest& request) {
  try {
    return find(from, request);
  } catch (const ca::Error& error) {
    return error.code() == ca::Code::unavailable ? unavailable(error.what()) : failed(error.what());
  } catch (const std::exception& error) {
    return failed(error.what());
  } catch (...) {
    return failed("not a std::exception");
  }
}

std::optional<HttpResponse> serve_at_once(const Sources& from, const HttpRequest& request) {
  HttpResponse response = serve(from, request);
  return response.status == 404 ? std::nullopt : std::optional{std::move(response)};
}

bool holds(const HttpRequest& request, const std::string& tag) {
  const auto held = request.header("If-None-Match");
  return held && held->find(tag) != std::string_view::npos;
}

}  // namespace

std::optional<ca::KeyName> named_in(std::string_view path, std::string_view prefix, std::string_view suffix) {
  if (!path.starts_with(prefix) || !path.ends_with(suffix) || path.size() <= prefix.size() + suffix.size()) {
    return std::nullopt;
  }
  return ca::KeyName::parse(path.substr(prefix.size(), path.size() - prefix.size() - suffix.size()));
}

HttpResponse certificate_response(const HttpRequest& request, const ca::Bytes& der,
                                  const std::string& media_type) {
  const std::string tag = '"' + ca::to_hex(ca::sha256(der)) + '"';
  HttpResponse response{
      .content_type = media_type,
      .headers = {{"ETag", tag}, {"Cache-Control", "public, max-age=3600"}},
  };
  if (holds(request, tag)) {
    response.status = 304;
    response.content_type.clear();
  } else {
    response.body = ca::text_of(der);
  }
  return response;
}

// RFC 9110, 8.8.2.2: a date tells apart only what is a second apart, so none is said or heard before the
// second has come that this CRL alone has.
HttpResponse crl_response(const HttpRequest& request, const ca::PublishedCrl& crl, ca::TimePoint now) {
  const std::string tag = '"' + ca::to_hex(crl.sha256) + '"';
  HttpResponse response{
      .content_type = "application/pkix-crl",
      .headers = {{"ETag", tag}, {"Cache-Control", kCrlCaching}, {"Accept-Ranges", "bytes"}},
  };
  std::optional<std::string> modified;
  if (now >= crl.modified) {
    modified = http::http_date(crl.modified.time_since_epoch().count());
    response.headers.emplace_back("Last-Modified", *modified);
  }
  const auto holds_date = [&](std::string_view header) {
    const auto held = request.header(header);
    return held && modified && *held == *modified;
  };
  const bool tagged = request.header("If-None-Match").has_value();
  if (holds(request, tag) || (!tagged && holds_date("If-Modified-Since"))) {
    response.status = 304;
    response.content_type.clear();
    return response;
  }
  const std::size_t total = crl.der->size();
  http::SharedBody body{crl.der, 0, total};
  const auto condition = request.header("If-Range");
  const auto wanted = request.header("Range");
  const bool whole = condition && *condition != tag && !holds_date("If-Range");
  if (const auto range = wanted && !whole ? http::byte_range(*wanted, total) : std::nullopt) {
    if (range->size == 0) {
      response = problem(416, "range_not_satisfiable", "Range not satisfiable", "the CRL is shorter");
      response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(total));
      return response;
    }
    response.status = 206;
    response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->offset) + "-" +
                                                       std::to_string(range->offset + range->size - 1) + "/" +
                                                       std::to_string(total));
    body.offset = range->offset;
    body.size = range->size;
  }
  response.shared_body = std::move(body);
  return response;
}

void add_routes(http::Router& router, ca::AuthorityService& authorities, const ca::Clock& clock) {
  const Sources from{authorities, clock};
  const auto handler = [from](const HttpRequest& request) { return serve(from, request); };
  for (const char* path : {"/ca/*", "/*"}) {
    router.add({
        .method = "GET",
        .path = path,
        .pool = [](const HttpRequest&) { return http::Pool::status; },
        .handler = handler,
        // All of it is in memory: a slow token that holds the pool's threads holds up no download.
        .at_once = [from](const HttpRequest& request) { return serve_at_once(from, request); },
        .max_body = 1024,
        .when_full = [](const HttpRequest&) { return unavailable("the queue is full"); },
    });
  }
  add_ocsp_routes(router, authorities, handler);
}

}  // namespace status
