#include "ca/policy/policy.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace ca {
namespace {

using Condition = PolicyDocument::Condition;
using Operator = Condition::Operator;
using Statement = PolicyDocument::Statement;

// Values of a condition key; empty = the request has none.
std::vector<std::string> values_of(const AuthorizationRequest& request, const std::string& key) {
  const auto single = [](const std::string& value) {
    return value.empty() ? std::vector<std::string>{} : std::vector<std::string>{value};
  };
  // What the proof of identity says comes first: a request's context cannot stand in for it.
  if (key == "aws:PrincipalArn") {
    return single(request.caller.principal_arn);
  }
  if (key == "aws:PrincipalAccount") {
    return single(request.caller.account);
  }
  if (key == "aws:SourceIp") {
    return single(request.caller.source_ip);
  }
  const auto found = request.context.find(key);
  return found == request.context.end() ? std::vector<std::string>{} : found->second;
}

bool value_holds(const Condition& condition, const std::string& value) {
  const auto any = [&condition](const auto& matches) {
    return std::any_of(condition.values.begin(), condition.values.end(), matches);
  };
  const auto equal = [&value](const std::string& wanted) { return wanted == value; };
  const auto like = [&value](const std::string& pattern) { return matches_wildcard(pattern, value); };
  switch (condition.op) {
    case Operator::string_equals:
      return any(equal);
    case Operator::string_not_equals:
      return !any(equal);
    case Operator::string_like:
      return any(like);
    case Operator::string_not_like:
      return !any(like);
  }
  return false;
}

bool is_negated(Operator op) { return op == Operator::string_not_equals || op == Operator::string_not_like; }

bool condition_holds(const Condition& condition, bool allow, const AuthorizationRequest& request) {
  const std::vector<std::string> values = values_of(request, condition.key);
  if (values.empty()) {
    return condition.if_exists || is_negated(condition.op);
  }
  const auto holds = [&condition](const std::string& value) { return value_holds(condition, value); };
  // A key with several values: what grants must hold for each of them, what refuses for any (I11).
  return allow ? std::all_of(values.begin(), values.end(), holds)
               : std::any_of(values.begin(), values.end(), holds);
}

bool applies(const Statement& statement, const AuthorizationRequest& request,
             const std::string& lower_action) {
  const auto action_matches = [&lower_action](const std::string& pattern) {
    return matches_wildcard(ascii_lower(pattern), lower_action);
  };
  const auto resource_matches = [&request](const std::string& pattern) {
    return matches_wildcard(pattern, request.resource);
  };
  const auto holds = [&statement, &request](const Condition& condition) {
    return condition_holds(condition, statement.allow, request);
  };
  return std::any_of(statement.actions.begin(), statement.actions.end(), action_matches) &&
         std::any_of(statement.resources.begin(), statement.resources.end(), resource_matches) &&
         std::all_of(statement.conditions.begin(), statement.conditions.end(), holds);
}

std::string place_of(const PolicyDocument& policy, const Statement& statement) {
  const auto number = &statement - policy.statements().data() + 1;
  return "policy " + policy.name() + ", statement " +
         (statement.sid.empty() ? std::to_string(number) : statement.sid);
}

struct Verdict {
  Decision decision;
  bool denied_by_statement = false;
};

Verdict verdict_of(const Principal* principal, const AuthorizationRequest& request) {
  if (principal == nullptr) {
    return {{false, "no statement allows it: the caller is no principal"}, false};
  }
  const std::string lower_action = ascii_lower(request.action);
  Verdict verdict{{false, "no statement allows it"}, false};
  for (const PolicyDocument& policy : principal->policies) {
    for (const Statement& statement : policy.statements()) {
      if ((statement.allow && verdict.decision.allowed) || !applies(statement, request, lower_action)) {
        continue;
      }
      verdict.decision = {statement.allow, place_of(policy, statement)};
      if (!statement.allow) {
        verdict.denied_by_statement = true;
        return verdict;
      }
    }
  }
  return verdict;
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
  return verdict_of(principal_of(*principals, request.caller), request).decision;
}

void PolicyEngine::require(const AuthorizationRequest& request) const {
  const auto principals = current();
  const Verdict verdict = verdict_of(principal_of(*principals, request.caller), request);
  if (verdict.decision.allowed) {
    return;
  }
  const std::string why = verdict.denied_by_statement
                              ? " with an explicit deny in an identity-based policy"
                              : " because no identity-based policy allows the " + request.action + " action";
  throw Error{Code::access_denied, "User: " + request.caller.principal_arn +
                                       " is not authorized to perform: " + request.action +
                                       " on resource: " + request.resource + why};
}

}  // namespace ca
