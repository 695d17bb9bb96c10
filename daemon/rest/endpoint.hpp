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

namespace rest {

// What the interfaces of our own share: who sends a request is proved, then the work is done, and what goes
// wrong becomes a problem document (RFC 9457). Thread-safe.
class Endpoint {
 public:
  // Told about every request; `error_name` is the problem's code and empty when it was served, `principal`
  // empty when nobody was recognized. What it throws is lost.
  using Observer = std::function<void(const std::string& operation, const std::string& error_name,
                                      const std::string& principal, std::chrono::microseconds duration,
                                      const http::HttpRequest& request)>;

  // All of them must outlive the endpoint.
  Endpoint(ca::AuthorityService& authorities, const auth::Authenticator& authenticator, Observer observer);

  using Work = std::function<http::HttpResponse(const ca::Caller& caller)>;
  // Never throws. A refusal by policy goes to the audit log.
  [[nodiscard]] http::HttpResponse answer(const std::string& operation, const http::HttpRequest& request,
                                          const Work& work) const;

  // What the routes of such an interface share: its shares, and its words for a share or a pool that is used
  // up (429 and 503, both with Retry-After).
  [[nodiscard]] http::Route route(std::string method, std::string path, http::Handler handler) const;

 private:
  void record_refusal(const ca::Caller& caller, const std::string& operation,
                      const http::HttpRequest& request, const std::string& reason) const;

  ca::AuthorityService& authorities_;
  const auth::Authenticator& authenticator_;
  Observer observer_;
};

}  // namespace rest
