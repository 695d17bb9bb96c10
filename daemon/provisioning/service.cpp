#include "daemon/provisioning/service.hpp"

#include <utility>

#include "daemon/provisioning/documents.hpp"

namespace provisioning {

using http::HttpRequest;
using http::HttpResponse;

namespace {

// A CSR of 32 KiB as a JSON string, whose line ends are two characters, and short members beside it.
constexpr std::size_t kMaxBody = std::size_t{48} * 1024;

}  // namespace

Service::Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                 rest::Endpoint::Observer observer)
    : authorities_{authorities}, endpoint_{authorities, authenticator, std::move(observer)} {}

HttpResponse Service::provision(const HttpRequest& request) {
  return endpoint_.answer("Provision", request, [&](const ca::Caller& caller) {
    return result_response(authorities_.provision(caller, read_order(request)));
  });
}

HttpResponse Service::provisioned(const HttpRequest& request) {
  return endpoint_.answer("GetProvisioned", request, [&](const ca::Caller& caller) {
    return result_response(authorities_.provisioned(caller, read_id(request)));
  });
}

void add_routes(http::Router& router, Service& service) {
  http::Route order = service.endpoint().route(
      "POST", "/provision", [&service](const HttpRequest& request) { return service.provision(request); });
  // Who has proved nothing is refused before any work: not with the threads that wait for the token.
  order.pool = [](const HttpRequest& request) {
    const bool proved = request.proved || request.client_certificate;
    return proved ? http::Pool::issue : http::Pool::read;
  };
  order.max_body = kMaxBody;
  router.add(std::move(order));
  router.add(service.endpoint().route("GET", "/provision/*", [&service](const HttpRequest& request) {
    return service.provisioned(request);
  }));
}

}  // namespace provisioning
