#pragma once
#include "ca/authority/authority_service.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/router.hpp"
#include "daemon/rest/endpoint.hpp"

namespace provisioning {

// Certificates for devices by one call: POST /provision, and GET /provision/<id> for what was accepted with
// 202. Errors are problem documents (RFC 9457). Thread-safe. Never throws.
class Service {
 public:
  // The observer is told Provision or GetProvisioned. All of them must outlive the service.
  Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
          rest::Endpoint::Observer observer);

  [[nodiscard]] http::HttpResponse provision(const http::HttpRequest& request);
  [[nodiscard]] http::HttpResponse provisioned(const http::HttpRequest& request);
  [[nodiscard]] const rest::Endpoint& endpoint() const { return endpoint_; }

 private:
  ca::AuthorityService& authorities_;
  rest::Endpoint endpoint_;
};

// POST /provision and GET /provision/*. The service must outlive the router.
void add_routes(http::Router& router, Service& service);

}  // namespace provisioning
