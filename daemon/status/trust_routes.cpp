#include "daemon/status/trust_routes.hpp"

#include "ca/base/digest.hpp"
#include "ca/base/hex.hpp"
#include "daemon/status/problem.hpp"

namespace status {
namespace {

using http::HttpRequest;
using http::HttpResponse;

constexpr std::string_view kPrefix = "/trust/";
constexpr std::string_view kSuffix = ".pem";
// A root is announced days before it is used; asking again costs a 304.
constexpr const char* kCaching = "public, max-age=300";

HttpResponse serve(const TrustBundles& bundles, const HttpRequest& request) {
  std::string_view name = request.path;
  const bool is_bundle =
      name.starts_with(kPrefix) && name.ends_with(kSuffix) && name.size() > kPrefix.size() + kSuffix.size();
  const auto all = bundles.current();
  const auto found =
      is_bundle
          ? all->find(std::string{name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size())})
          : all->end();
  if (found == all->end()) {
    return not_found("there is no trust bundle of that name");
  }
  const std::string tag = '"' + ca::to_hex(ca::sha256(ca::bytes_of(found->second))) + '"';
  HttpResponse response{.content_type = "application/pem-certificate-chain",
                        .headers = {{"ETag", tag}, {"Cache-Control", kCaching}}};
  const auto held = request.header("If-None-Match");
  if (held && (*held == "*" || held->find(tag) != std::string_view::npos)) {
    response.status = 304;
    response.content_type.clear();
  } else {
    response.body = found->second;
  }
  return response;
}

}  // namespace

void TrustBundles::replace(ByName bundles) {
  auto next = std::make_shared<const ByName>(std::move(bundles));
  const std::lock_guard lock{mutex_};
  bundles_ = std::move(next);
}

std::shared_ptr<const TrustBundles::ByName> TrustBundles::current() const {
  const std::lock_guard lock{mutex_};
  return bundles_;
}

void add_trust_routes(http::Router& router, const TrustBundles& bundles) {
  router.add({
      .method = "GET",
      .path = "/trust/*",
      .pool = [](const HttpRequest&) { return http::Pool::status; },
      .handler = [&bundles](const HttpRequest& request) { return serve(bundles, request); },
      .max_body = 1024,
      .when_full = [](const HttpRequest&) { return unavailable("the queue is full"); },
  });
}

}  // namespace status
