#pragma once
#include "ca/authority/authority_service.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/router.hpp"
#include "daemon/rest/endpoint.hpp"

namespace keys {

// The keys of an authority, and a new one in the place of the present one. An interface of our own: the
// authorities of the AWS API keep their one key. Errors are problem documents (RFC 9457). Thread-safe. Never
// throws.
//   GET  /authority-keys?authority=ARN
//   POST /authority-keys?authority=ARN                    prepares one, unless there is one already
//   POST /authority-keys/activate?authority=ARN&number=N
//   POST /authority-keys/discard?authority=ARN&number=N
// A GET answers with all keys, a POST with the one that it was about.
class Service {
 public:
  // The observer is told ListAuthorityKeys and so on. All of them must outlive the service.
  Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
          rest::Endpoint::Observer observer);

  [[nodiscard]] http::HttpResponse list(const http::HttpRequest& request);
  [[nodiscard]] http::HttpResponse prepare(const http::HttpRequest& request);
  [[nodiscard]] http::HttpResponse activate(const http::HttpRequest& request);
  [[nodiscard]] http::HttpResponse discard(const http::HttpRequest& request);
  [[nodiscard]] const rest::Endpoint& endpoint() const { return endpoint_; }

 private:
  ca::AuthorityService& authorities_;
  rest::Endpoint endpoint_;
};

// The service must outlive the router.
void add_routes(http::Router& router, Service& service);

}  // namespace keys
