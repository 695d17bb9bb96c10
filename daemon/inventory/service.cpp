#include "daemon/inventory/service.hpp"

#include <utility>

#include "daemon/inventory/documents.hpp"

namespace inventory {

using http::HttpRequest;
using http::HttpResponse;

Service::Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
                 rest::Endpoint::Observer observer)
    : authorities_{authorities}, endpoint_{authorities, authenticator, std::move(observer)} {}

HttpResponse Service::list(const HttpRequest& request) {
  return endpoint_.answer("ListCertificates", request, [&](const ca::Caller& caller) {
    const ca::CertificateSearch search = read_search(request.query);
    return page_response(search.authority, authorities_.find_certificates(caller, search));
  });
}

void add_routes(http::Router& router, Service& service) {
  router.add(service.endpoint().route(
      "GET", "/certificates", [&service](const HttpRequest& request) { return service.list(request); }));
}

}  // namespace inventory
