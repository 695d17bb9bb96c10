#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/policy/caller.hpp"

namespace ca {

// An identity policy in the IAM JSON form, parsed and checked. Unknown elements, actions, operators and
// condition keys are refused when the document is read, never at decision time. Immutable.
class PolicyDocument {
 public:
  struct Condition {
    enum class Operator { string_equals, string_not_equals, string_like, string_not_like };
    Operator op;
    bool if_exists = false;
    std::string key;  // "acm-pca:TemplateArn"
    std::vector<std::string> values;
  };
  struct Statement {
    std::string sid;
    bool allow = false;
    std::vector<std::string> actions;    // wildcards; matched without case
    std::vector<std::string> resources;  // wildcards
    std::vector<Condition> conditions;   // all must hold
  };

  // `name` is the file name, for explanations. At most 128 KiB. Throws Code::invalid_policy naming file,
  // statement and what is wrong.
  [[nodiscard]] static PolicyDocument parse(const std::string& name, std::string_view json);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<Statement>& statements() const { return statements_; }

 private:
  std::string name_;
  std::vector<Statement> statements_;
};

struct Principal {
  std::string name;     // "provisioner"
  std::string account;  // 12 digits
  std::string arn;      // "arn:aws:iam::<account>:user/<name>"
  std::vector<PolicyDocument> policies;
};

struct AuthorizationRequest {
  const Caller& caller;
  std::string action;    // "acm-pca:IssueCertificate"
  std::string resource;  // ARN, or "*"
  // Condition keys of this request, beside those that come from the caller: "acm-pca:TemplateArn",
  // "chancery:DeviceId".
  std::map<std::string, std::vector<std::string>> context;
};

struct Decision {
  bool allowed = false;
  // Which statement of which file decided: "policy provisioning.json, statement LeafTemplatesOnly", or "no
  // statement allows it" (I11: default deny).
  std::string reason;
};

// Decides by the principals' identity policies: explicit Deny wins, then Allow, else deny. Thread-safe.
class PolicyEngine {
 public:
  explicit PolicyEngine(std::vector<Principal> principals);
  // Takes effect for every decision that starts after the return (SIGHUP).
  void replace(std::vector<Principal> principals);
  [[nodiscard]] Decision decide(const AuthorizationRequest& request) const;
  // Throws Code::access_denied in AWS's words: "User: <arn> is not authorized to perform: <action> on
  // resource: <resource> because no identity-based policy allows the <action> action" ("with an explicit deny
  // in an identity-based policy" when a Deny decided).
  void require(const AuthorizationRequest& request) const;

 private:
  using Principals = std::map<std::string, Principal>;  // by account + '/' + name
  [[nodiscard]] std::shared_ptr<const Principals> current() const;
  mutable std::mutex mutex_;
  std::shared_ptr<const Principals> principals_;
};

}  // namespace ca
