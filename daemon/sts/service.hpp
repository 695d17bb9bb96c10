#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ca/authority/authority_service.hpp"
#include "ca/base/clock.hpp"
#include "ca/policy/policy.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/router.hpp"

namespace auth {
class Authenticator;
}

namespace sts {

// A role that can be assumed.
struct Role {
  std::string account;
  std::string name;
  std::string arn;
  ca::PolicyDocument trust;
  std::chrono::seconds max_session{3600};
};

// What clients of this API call of AWS STS (query protocol, version 2011-06-15): GetCallerIdentity and
// AssumeRole. Thread-safe. Never throws.
class Service {
 public:
  // Told about every request: the action, the error's name (empty: served) and the principal, as the other
  // protocols do. What it throws is lost.
  using Observer = std::function<void(const std::string& operation, const std::string& error_name,
                                      const std::string& principal, std::chrono::microseconds duration,
                                      const http::HttpRequest& request)>;

  // All of them must outlive the service. Assumed roles and refusals go to the audit log of `authorities`.
  Service(ca::AuthorityService& authorities, const auth::Authenticator& authenticator,
          const ca::PolicyEngine& policy, const ca::Clock& clock, std::vector<Role> roles, Observer observer);

  // Takes effect for every request that starts after the return.
  void replace_roles(std::vector<Role> roles);

  [[nodiscard]] http::HttpResponse handle(const http::HttpRequest& request);
  // auth::Authenticator::share_of.
  [[nodiscard]] std::string share_of(http::HttpRequest& request) const;
  // 400 Throttling, which every SDK retries.
  [[nodiscard]] static http::HttpResponse throttled(const http::HttpRequest& request);

 private:
  using Roles = std::map<std::string, Role>;  // by ARN
  using Parameters = std::map<std::string, std::string>;
  struct Progress;
  [[nodiscard]] http::HttpResponse serve(const http::HttpRequest& request, Progress& progress);
  [[nodiscard]] http::HttpResponse caller_identity(const ca::Caller& caller) const;
  [[nodiscard]] http::HttpResponse assume_role(const ca::Caller& caller, const Parameters& parameters);
  [[nodiscard]] Role authorized_role(const ca::Caller& caller, const std::string& arn,
                                     const Parameters& parameters) const;
  [[nodiscard]] std::shared_ptr<const Roles> current() const;

  ca::AuthorityService& authorities_;
  const auth::Authenticator& authenticator_;
  const ca::PolicyEngine& policy_;
  const ca::Clock& clock_;
  Observer observer_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Roles> roles_;
};

// POST / with a form as its body; the AWS Private CA API has the same path with JSON. The service must
// outlive the router.
void add_routes(http::Router& router, Service& service);

}  // namespace sts
