#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ca/policy/caller.hpp"
#include "ca/policy/policy_document.hpp"

namespace ca {

struct Principal {
  std::string name;     // "provisioner"; users and roles of an account share their names
  std::string account;  // 12 digits
  std::string arn;      // "arn:aws:iam::<account>:user/<name>", ":role/<name>"
  std::vector<PolicyDocument> policies;
};

struct AuthorizationRequest {
  const Caller& caller;
  std::string action;    // "acm-pca:IssueCertificate"
  std::string resource;  // ARN, or "*"
  // Condition keys of this request, beside those that come from the caller: "acm-pca:TemplateArn",
  // "chancery:CommonName", "chancery:DeviceId".
  std::map<std::string, std::vector<std::string>> context{};
  TimePoint now{};
  // Of the resource: its owner (empty: the caller's account) and its policy (nullptr: none).
  std::string resource_account{};
  const PolicyDocument* resource_policy = nullptr;
  // For a role's trust policy: within the account as well, nothing is allowed that it does not allow.
  bool resource_policy_must_allow = false;
};

struct Decision {
  enum class Why {
    allowed,
    denied_by_identity,  // an explicit Deny
    denied_by_session,
    denied_by_resource,
    not_allowed_by_identity,  // nothing allows it
    not_allowed_by_session,
    not_allowed_by_resource,
  };
  Why why = Why::not_allowed_by_identity;
  bool allowed = false;
  // Which statement of which file decided: "policy provisioning.json, statement LeafTemplatesOnly", or "no
  // statement allows it" (I11: default deny).
  std::string reason;
};

// Decides as IAM does: an explicit Deny anywhere wins; within one account the caller's identity policies or a
// resource policy that names the caller itself must allow; between accounts both must; a session may do no
// more than its session policy. Thread-safe.
class PolicyEngine {
 public:
  explicit PolicyEngine(std::vector<Principal> principals);
  // Takes effect for every decision that starts after the return (SIGHUP).
  void replace(std::vector<Principal> principals);
  [[nodiscard]] Decision decide(const AuthorizationRequest& request) const;
  // Every statement that was asked and why it did not apply, a line each; then the decision. For people.
  [[nodiscard]] std::vector<std::string> explain(const AuthorizationRequest& request) const;
  // Throws Code::access_denied in AWS's words: "User: <arn> is not authorized to perform: <action> on
  // resource: <resource> because no identity-based policy allows the <action> action" ("with an explicit deny
  // in an identity-based policy" and which, when a Deny decided).
  void require(const AuthorizationRequest& request) const;

 private:
  using Principals = std::map<std::string, Principal>;  // by account + '/' + name
  [[nodiscard]] std::shared_ptr<const Principals> current() const;
  mutable std::mutex mutex_;
  std::shared_ptr<const Principals> principals_;
};

}  // namespace ca
