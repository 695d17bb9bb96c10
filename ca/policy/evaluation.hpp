#pragma once
// Internal to ca/policy: documents against one request.
#include "ca/policy/policy.hpp"

namespace ca {

// A request with what every condition key holds in it.
class RequestView {
 public:
  explicit RequestView(const AuthorizationRequest& request);
  [[nodiscard]] const AuthorizationRequest& request() const { return request_; }
  [[nodiscard]] const std::string& lower_action() const { return lower_action_; }
  // Empty: the request has none.
  [[nodiscard]] std::vector<std::string> values_of(const std::string& key) const;

 private:
  const AuthorizationRequest& request_;
  const std::string lower_action_;
};

// The first part of a statement that does not fit; nothing: the statement applies.
struct Mismatch {
  enum class Part { none, principal, action, resource, condition };
  Part part = Part::none;
  const Condition* condition = nullptr;
};
[[nodiscard]] Mismatch mismatch_of(const PolicyDocument::Statement& statement, const RequestView& view);

// What a set of documents says.
struct Verdict {
  const PolicyDocument* document = nullptr;  // of the statement that decided
  const PolicyDocument::Statement* statement = nullptr;
  bool denies = false;
  bool allows = false;
  bool names_caller = false;  // a resource policy allows the caller itself, and not only the caller's account
};
void evaluate(const PolicyDocument& document, const RequestView& view, Verdict& verdict);

// "policy provisioning.json, statement LeafTemplatesOnly"
[[nodiscard]] std::string place_of(const PolicyDocument& document,
                                   const PolicyDocument::Statement& statement);

}  // namespace ca
