#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ca/policy/policy.hpp"

namespace cli {

// A request that nobody made, to be decided by the policies as they stand in the files.
struct PolicyCase {
  std::string name;       // of a case in a file, for people
  std::string principal;  // "provisioner", or "123456789012/provisioner" when several accounts have one
  std::string action;     // "acm-pca:IssueCertificate"
  std::string resource = "*";
  std::filesystem::path resource_policy;  // what PutPolicy attached to the resource; empty: nothing
  std::string source_ip;
  std::string at;                                           // a date of a policy; empty: now
  std::map<std::string, std::vector<std::string>> context;  // condition keys in any case
  std::optional<bool> expected;                             // allowed
};

struct PolicyOutcome {
  ca::Decision decision;
  std::vector<std::string> explanation;  // every statement and why it did not apply, then the decision
};

// A JSON array of objects with the members principal, action, resource, resource_policy, source_ip, at,
// context, expect ("allow" or "deny") and name; paths are relative to the file. At most 16 MiB. Throws
// Failure naming the case that is wrong.
[[nodiscard]] std::vector<PolicyCase> read_policy_cases(const std::filesystem::path& file);

// Decides cases for the principals of one file. Throws Failure for what a policy could never be asked: an
// unknown principal, action or condition key, a key that the request itself answers.
class PolicyDesk {
 public:
  // Reads the principals and their policies; `partition` is that of their ARNs.
  PolicyDesk(const std::filesystem::path& principals, std::string partition);
  [[nodiscard]] PolicyOutcome decide(const PolicyCase& question) const;

 private:
  [[nodiscard]] const ca::Principal& named(const std::string& name) const;
  std::vector<ca::Principal> principals_;
  std::string partition_;
  ca::PolicyEngine engine_;
};

}  // namespace cli
