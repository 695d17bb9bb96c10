#include "ca/policy/evaluation.hpp"

#include <algorithm>

#include "ca/base/strings.hpp"

namespace ca {
namespace {

using Statement = PolicyDocument::Statement;

std::vector<std::string> single(const std::string& value) {
  return value.empty() ? std::vector<std::string>{} : std::vector<std::string>{value};
}

bool names_itself(const Statement& statement, const Caller& caller) {
  return std::any_of(statement.principals.begin(), statement.principals.end(),
                     [&](const PrincipalPattern& pattern) {
                       return pattern.kind != PrincipalPattern::Kind::account && pattern.matches(caller);
                     });
}

}  // namespace

bool PrincipalPattern::matches(const Caller& caller) const {
  switch (kind) {
    case Kind::anyone:
      return true;
    case Kind::account:
      return value == caller.account;
    case Kind::arn:
      return value == caller.principal_arn || (!caller.session_arn.empty() && value == caller.session_arn);
    case Kind::service:
      return false;
  }
  return false;
}

RequestView::RequestView(const AuthorizationRequest& request)
    : request_{request}, lower_action_{ascii_lower(request.action)} {}

std::vector<std::string> RequestView::values_of(const std::string& key) const {
  const Caller& caller = request_.caller;
  // What the proof of identity says comes first: a request's context cannot stand in for it.
  if (key == "aws:PrincipalArn") {
    return single(caller.principal_arn);
  }
  if (key == "aws:PrincipalAccount") {
    return single(caller.account);
  }
  if (key == "aws:PrincipalType") {
    return single(caller.session_arn.empty() ? "User" : "AssumedRole");
  }
  if (key == "aws:username") {
    return single(caller.session_arn.empty() ? caller.principal : "");
  }
  if (key == "aws:SourceIp") {
    return single(caller.source_ip);
  }
  if (key == "aws:SecureTransport") {
    return {"true"};  // the API has no other
  }
  if (key == "aws:RequestedRegion") {
    return single(caller.region);
  }
  if (key == "aws:ResourceAccount") {
    return single(request_.resource_account.empty() ? caller.account : request_.resource_account);
  }
  if (key == "aws:CurrentTime" || key == "aws:EpochTime") {
    return single(rfc3339(to_seconds(request_.now)));
  }
  const auto found = request_.context.find(key);
  return found == request_.context.end() ? std::vector<std::string>{} : found->second;
}

Mismatch mismatch_of(const Statement& statement, const RequestView& view) {
  const AuthorizationRequest& request = view.request();
  const bool principal_fits =
      statement.principals.empty() ||
      std::any_of(statement.principals.begin(), statement.principals.end(),
                  [&](const PrincipalPattern& pattern) { return pattern.matches(request.caller); });
  if (!principal_fits) {
    return {Mismatch::Part::principal};
  }
  const bool action_listed =
      std::any_of(statement.actions.begin(), statement.actions.end(), [&](const std::string& pattern) {
        return matches_wildcard(ascii_lower(pattern), view.lower_action());
      });
  if (action_listed == statement.not_actions) {
    return {Mismatch::Part::action};
  }
  const bool resource_listed =
      std::any_of(statement.resources.begin(), statement.resources.end(),
                  [&](const std::string& pattern) { return matches_wildcard(pattern, request.resource); });
  if (resource_listed == statement.not_resources) {
    return {Mismatch::Part::resource};
  }
  for (const Condition& condition : statement.conditions) {
    if (!holds(condition, statement.allow, view.values_of(condition.key.name))) {
      return {Mismatch::Part::condition, &condition};
    }
  }
  return {};
}

void evaluate(const PolicyDocument& document, const RequestView& view, Verdict& verdict) {
  for (const Statement& statement : document.statements()) {
    if (verdict.denies) {
      return;
    }
    if (mismatch_of(statement, view).part != Mismatch::Part::none) {
      continue;
    }
    if (!statement.allow || !verdict.allows) {
      verdict.document = &document;
      verdict.statement = &statement;
    }
    verdict.denies = !statement.allow;
    verdict.allows = verdict.allows || statement.allow;
    verdict.names_caller =
        verdict.names_caller || (statement.allow && names_itself(statement, view.request().caller));
  }
}

std::string place_of(const PolicyDocument& document, const Statement& statement) {
  const auto number = &statement - document.statements().data() + 1;
  return "policy " + document.name() + ", statement " +
         (statement.sid.empty() ? std::to_string(number) : statement.sid);
}

}  // namespace ca
