#pragma once
#include "ca/authority/authority_service.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/router.hpp"
#include "daemon/rest/endpoint.hpp"

namespace inventory {

// GET /certificates: which certificates an authority has issued, by what they are for. An interface of our
// own: the AWS API has none. Errors are problem documents (RFC 9457). Thread-safe. Never throws.
class Service {
 public:
  // The observer is told ListCertificates. All of them must outlive the service.
  Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
          rest::Endpoint::Observer observer);

  [[nodiscard]] http::HttpResponse list(const http::HttpRequest& request);
  [[nodiscard]] const rest::Endpoint& endpoint() const { return endpoint_; }

 private:
  ca::AuthorityService& authorities_;
  rest::Endpoint endpoint_;
};

// The service must outlive the router.
void add_routes(http::Router& router, Service& service);

}  // namespace inventory
