#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ca/policy/condition.hpp"

namespace ca {

struct Caller;

// Whom a statement of a resource policy speaks of.
struct PrincipalPattern {
  enum class Kind {
    anyone,   // "*"
    account,  // "123456789012", "arn:aws:iam::123456789012:root"
    arn,      // a user, a role, or a session of a role
    service,  // an AWS service: nobody who calls this daemon
  };
  Kind kind = Kind::anyone;
  std::string value;

  [[nodiscard]] bool matches(const Caller& caller) const;
};

// A policy in the IAM JSON form, parsed and checked. Unknown elements, actions, operators, condition keys and
// values of a wrong form are refused when the document is read, never at decision time. Immutable.
class PolicyDocument {
 public:
  struct Statement {
    std::string sid;
    bool allow = false;
    std::vector<PrincipalPattern> principals;  // of a resource policy
    std::vector<std::string> actions;          // wildcards; matched without case
    bool not_actions = false;                  // every action but these
    std::vector<std::string> resources;        // wildcards
    bool not_resources = false;
    std::vector<Condition> conditions;  // all must hold
  };

  // An identity policy: it speaks of the principal that it is given to. `name` is the file name, for
  // explanations. At most 128 KiB. Throws Code::invalid_policy naming file, statement and what is wrong.
  [[nodiscard]] static PolicyDocument parse(const std::string& name, std::string_view json);
  // A resource policy: every statement says whom it speaks of.
  [[nodiscard]] static PolicyDocument parse_resource(const std::string& name, std::string_view json);
  // The trust policy of a role: a resource policy of the role itself, without Resource.
  [[nodiscard]] static PolicyDocument parse_trust(const std::string& name, std::string_view json);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<Statement>& statements() const { return statements_; }

 private:
  PolicyDocument(std::string name, std::vector<Statement> statements)
      : name_{std::move(name)}, statements_{std::move(statements)} {}
  std::string name_;
  std::vector<Statement> statements_;
};

}  // namespace ca
