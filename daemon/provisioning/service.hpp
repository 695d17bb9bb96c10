#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "ca/authority/authority_service.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/router.hpp"

namespace auth {
class Authenticator;
}

namespace provisioning {

// Certificates for devices by one call: POST /provision, and GET /provision/<id> for what was accepted with
// 202. Errors are problem documents (RFC 9457). Thread-safe. Never throws.
class Service {
 public:
  // Told about every request; `operation` is Provision or GetProvisioned, `error_name` the problem's code and
  // empty when it was served, `principal` empty when nobody was recognized. What it throws is lost.
  using Observer = std::function<void(const std::string& operation, const std::string& error_name,
                                      const std::string& principal, std::chrono::microseconds duration,
                                      const http::HttpRequest& request)>;

  // All of them must outlive the service.
  Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator, Observer observer);

  [[nodiscard]] http::HttpResponse provision(const http::HttpRequest& request);
  [[nodiscard]] http::HttpResponse provisioned(const http::HttpRequest& request);
  // auth::Authenticator::share_of.
  [[nodiscard]] std::string share_of(http::HttpRequest& request) const;
  // 429 with Retry-After.
  [[nodiscard]] static http::HttpResponse throttled(const http::HttpRequest& request);
  // 503 with Retry-After.
  [[nodiscard]] static http::HttpResponse full(const http::HttpRequest& request);

 private:
  using Work = std::function<http::HttpResponse(const ca::Caller& caller)>;
  [[nodiscard]] http::HttpResponse answer(const std::string& operation, const http::HttpRequest& request,
                                          const Work& work);
  void record_refusal(const ca::Caller& caller, const std::string& operation,
                      const http::HttpRequest& request, const std::string& reason);

  ca::AuthorityService& authorities_;
  const auth::Authenticator& authenticator_;
  Observer observer_;
};

// POST /provision and GET /provision/*. The service must outlive the router.
void add_routes(http::Router& router, Service& service);

}  // namespace provisioning
