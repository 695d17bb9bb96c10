#include "ca/policy/policy.hpp"

#include "ca/base/error.hpp"
#include "ca/policy/evaluation.hpp"

namespace ca {
namespace {

using Why = Decision::Why;

// The three sources of permissions for one request.
struct Verdicts {
  Verdict identity, session, resource;
};

Verdicts verdicts_of(const Principal* principal, const RequestView& view) {
  Verdicts verdicts;
  if (principal != nullptr) {
    for (const PolicyDocument& policy : principal->policies) {
      evaluate(policy, view, verdicts.identity);
    }
  }
  if (const auto& session = view.request().caller.session_policy) {
    evaluate(*session, view, verdicts.session);
  }
  if (const PolicyDocument* resource = view.request().resource_policy) {
    evaluate(*resource, view, verdicts.resource);
  }
  return verdicts;
}

Decision decided(Why why, const Verdict& by) {
  return {
      .why = why,
      .allowed = why == Why::allowed,
      .reason = by.statement == nullptr ? "no statement allows it" : place_of(*by.document, *by.statement)};
}

Decision decision_of(const Principal* principal, const AuthorizationRequest& request) {
  const RequestView view{request};
  const auto [identity, session, resource] = verdicts_of(principal, view);
  if (identity.denies) {
    return decided(Why::denied_by_identity, identity);
  }
  if (session.denies) {
    return decided(Why::denied_by_session, session);
  }
  if (resource.denies) {
    return decided(Why::denied_by_resource, resource);
  }
  if (request.caller.session_policy && !session.allows) {
    return decided(Why::not_allowed_by_session, {});
  }
  if (principal == nullptr) {
    return {Why::not_allowed_by_identity, false, "no statement allows it: the caller is no principal"};
  }
  const bool same_account =
      request.resource_account.empty() || request.resource_account == request.caller.account;
  if (same_account && !identity.allows && resource.names_caller) {
    return decided(Why::allowed, resource);
  }
  if ((!same_account || request.resource_policy_must_allow) && !resource.allows) {
    return decided(Why::not_allowed_by_resource, {});
  }
  return identity.allows ? decided(Why::allowed, identity) : decided(Why::not_allowed_by_identity, {});
}

std::string part_text(const Mismatch& mismatch) {
  switch (mismatch.part) {
    case Mismatch::Part::none:
      return "applies";
    case Mismatch::Part::principal:
      return "speaks of other principals";
    case Mismatch::Part::action:
      return "speaks of other actions";
    case Mismatch::Part::resource:
      return "speaks of other resources";
    case Mismatch::Part::condition:
      return "its condition does not hold: " + mismatch.condition->text();
  }
  return {};
}

void explain_document(const PolicyDocument& document, const RequestView& view,
                      std::vector<std::string>& lines) {
  for (const PolicyDocument::Statement& statement : document.statements()) {
    lines.push_back(place_of(document, statement) + " (" + (statement.allow ? "Allow" : "Deny") +
                    "): " + part_text(mismatch_of(statement, view)));
  }
}

std::map<std::string, Principal> by_name(std::vector<Principal> principals) {
  std::map<std::string, Principal> named;
  for (Principal& principal : principals) {
    std::string name = principal.account + '/' + principal.name;
    if (!named.try_emplace(name, std::move(principal)).second) {
      throw Error{Code::invalid_policy, "principal " + name + " exists twice"};
    }
  }
  return named;
}

const Principal* principal_of(const std::map<std::string, Principal>& principals, const Caller& caller) {
  const auto found = principals.find(caller.account + '/' + caller.principal);
  return found == principals.end() ? nullptr : &found->second;
}

// What stands behind the resource in AWS's message.
std::string refusal_of(const Decision& decision, const std::string& action) {
  const auto missing = [&](const char* kind) {
    return std::string{" because no "} + kind + " policy allows the " + action + " action";
  };
  switch (decision.why) {
    case Why::denied_by_identity:
      return " with an explicit deny in an identity-based policy: " + decision.reason;
    case Why::denied_by_session:
      return " with an explicit deny in a session policy";
    case Why::denied_by_resource:
      return " with an explicit deny in a resource-based policy";
    case Why::not_allowed_by_session:
      return missing("session");
    case Why::not_allowed_by_resource:
      return missing("resource-based");
    case Why::not_allowed_by_identity:
    case Why::allowed:
      break;
  }
  return missing("identity-based");
}

}  // namespace

PolicyEngine::PolicyEngine(std::vector<Principal> principals)
    : principals_{std::make_shared<const Principals>(by_name(std::move(principals)))} {}

void PolicyEngine::replace(std::vector<Principal> principals) {
  auto next = std::make_shared<const Principals>(by_name(std::move(principals)));
  const std::lock_guard lock{mutex_};
  principals_.swap(next);
}

std::shared_ptr<const PolicyEngine::Principals> PolicyEngine::current() const {
  const std::lock_guard lock{mutex_};
  return principals_;
}

Decision PolicyEngine::decide(const AuthorizationRequest& request) const {
  const auto principals = current();
  return decision_of(principal_of(*principals, request.caller), request);
}

std::vector<std::string> PolicyEngine::explain(const AuthorizationRequest& request) const {
  const auto principals = current();
  const Principal* principal = principal_of(*principals, request.caller);
  const RequestView view{request};
  std::vector<std::string> lines;
  if (principal != nullptr) {
    for (const PolicyDocument& policy : principal->policies) {
      explain_document(policy, view, lines);
    }
  }
  if (request.caller.session_policy) {
    explain_document(*request.caller.session_policy, view, lines);
  }
  if (request.resource_policy != nullptr) {
    explain_document(*request.resource_policy, view, lines);
  }
  const Decision decision = decision_of(principal, request);
  lines.push_back((decision.allowed ? "allowed by " : "denied: ") + decision.reason);
  return lines;
}

void PolicyEngine::require(const AuthorizationRequest& request) const {
  const Decision decision = decide(request);
  if (!decision.allowed) {
    throw Error{Code::access_denied,
                "User: " + request.caller.shown_arn() + " is not authorized to perform: " + request.action +
                    " on resource: " + request.resource + refusal_of(decision, request.action)};
  }
}

}  // namespace ca
