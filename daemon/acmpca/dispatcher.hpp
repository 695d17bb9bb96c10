#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "ca/authority/authority_service.hpp"
#include "ca/base/error.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/router.hpp"

namespace auth {
class Authenticator;
}

namespace acmpca {

// The AWS Private CA API, in both of its protocols: aws-json 1.1 (POST / with X-Amz-Target) and Smithy RPC v2
// CBOR (POST /service/ACMPrivateCA/operation/<name>). In this order: operation, identity, body, constraints,
// the operation itself; the first that fails answers. Thread-safe. Never throws.
class Dispatcher {
 public:
  // Told about every request; `error_name` is empty when it was served, `principal` when nobody was
  // recognized. What it throws is lost.
  using Observer = std::function<void(const std::string& operation, const std::string& error_name,
                                      const std::string& principal, std::chrono::microseconds duration,
                                      const http::HttpRequest& request)>;

  // All of them must outlive the dispatcher.
  Dispatcher(ca::AuthorityService& authorities, const auth::Authenticator& authenticator, Observer observer);

  [[nodiscard]] http::HttpResponse handle(const http::HttpRequest& request);

  // What may wait for the token runs in `issue`, what only writes in `change`, all else in `read`.
  [[nodiscard]] static http::Pool pool_of(const http::HttpRequest& request);
  // auth::Authenticator::share_of.
  [[nodiscard]] std::string share_of(http::HttpRequest& request) const;
  // By operation; more than the ordinary bound only for a head that names a caller whom we know.
  [[nodiscard]] std::size_t body_bound(const http::HttpRequest& head) const;
  // 413 RequestEntityTooLargeException.
  [[nodiscard]] http::HttpResponse too_large(const http::HttpRequest& head) const;
  // 400 ThrottlingException, which every SDK retries.
  [[nodiscard]] static http::HttpResponse throttled(const http::HttpRequest& request);

 private:
  struct Progress;
  [[nodiscard]] http::HttpResponse answer(const http::HttpRequest& request, Progress& progress);
  [[nodiscard]] http::HttpResponse serve(const http::HttpRequest& request, Progress& progress);
  [[nodiscard]] http::HttpResponse refuse(const http::HttpRequest& request, const Progress& progress,
                                          const ca::Error& error);

  ca::AuthorityService& authorities_;
  const auth::Authenticator& authenticator_;
  Observer observer_;
};

// POST / and POST /service/ACMPrivateCA/operation/*. The dispatcher must outlive the router.
void add_routes(http::Router& router, Dispatcher& dispatcher);

}  // namespace acmpca
