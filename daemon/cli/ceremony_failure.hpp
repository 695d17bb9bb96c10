#pragma once
#include <exception>
#include <string>

#include "daemon/cli/failure.hpp"

namespace cli {

// What stopped a step of a ceremony, whoever found it, as a person in the room needs it: what is wrong, what
// was not done, what to do. `script` is its file.
[[nodiscard]] Failure ceremony_failure(const std::exception& error, const std::string& script);

}  // namespace cli
