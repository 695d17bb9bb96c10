#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ca/policy/policy.hpp"

namespace config {

struct AccessKeyFile {
  std::string id;                // "CHANCERYADMIN0000001"
  std::filesystem::path secret;  // owner-only file with the secret access key on one line
};

// One entry of principals.yaml: who it is, how it proves it, what it may do.
struct PrincipalOptions {
  ca::Principal principal;                 // with its policies, parsed
  std::vector<AccessKeyFile> access_keys;  // at most two: the old and the new while keys are exchanged
  std::vector<std::array<std::uint8_t, 32>> certificates;  // SHA-256 of client certificates (DER)
  // A verified client certificate that nobody lists stands for this principal, as the device in its common
  // name.
  bool device_principal = false;
};

// A principal that nobody is by himself: AssumeRole gives it for a time to whom the trust policy and the
// caller's own policies allow it.
struct RoleOptions {
  ca::Principal principal;
  ca::PolicyDocument trust;
  std::chrono::seconds max_session{3600};
};

struct PrincipalsFile {
  std::vector<std::string> accounts;  // 12 digits each
  std::vector<PrincipalOptions> principals;
  std::vector<RoleOptions> roles;
  // Owner-only file with the secret (one line, at least 32 characters) that makes the credentials of roles'
  // sessions; without it they end when the daemon does.
  std::optional<std::filesystem::path> session_key;
  // Users and roles.
  [[nodiscard]] std::vector<ca::Principal> policy_principals() const;
};

// Reads principals.yaml and every policy file that it names. `partition` is for the principals' ARNs. Checks
// that secret files exist and that nobody but their owner can read them; does not open them. Throws Invalid
// with every problem at once.
[[nodiscard]] PrincipalsFile load_principals(const std::filesystem::path& file, const std::string& partition);

}  // namespace config
