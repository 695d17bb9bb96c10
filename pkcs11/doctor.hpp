#pragma once
#include <optional>
#include <string>
#include <vector>

#include "pkcs11/token_options.hpp"

namespace pkcs11 {

struct DoctorStep {
  std::string what;  // "login"
  bool ok = false;
  std::string detail;  // what was found, or the call that failed and its return value
  std::string hint;    // what to do; empty when ok
};

// Goes the way of a Token step by step and stops at the first failure: module, slots, token, PIN source,
// login (one attempt, none when the token warns of a locked PIN), mechanisms and, with a key, its attributes
// and a trial signature. Throws nothing. Not beside a Token on the same module in one process.
[[nodiscard]] std::vector<DoctorStep> diagnose(const TokenOptions& options, const std::optional<Uri>& key);

}  // namespace pkcs11
