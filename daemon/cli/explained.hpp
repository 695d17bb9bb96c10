#pragma once
#include <exception>
#include <string>

#include "daemon/cli/failure.hpp"

namespace cli {

// What a person does about a refusal of the authority itself, by its kind.
struct Advice {
  const char* wrong_file;  // a request or certificate that cannot be read
  const char* wrong_wish;  // what was asked for cannot be had from this issuer, or not in this form
  const char* may_pass;    // the token or the store is away
  const char* other;
};

struct Circumstances {
  std::string where;   // where nothing else is known
  std::string undone;  // "nothing was signed"
  Advice advice;
};

// Whatever stopped a verb, whoever found it, as a person needs it: what is wrong, where, what was not done,
// what to do.
[[nodiscard]] Failure explained(const std::exception& error, const Circumstances& circumstances);

}  // namespace cli
