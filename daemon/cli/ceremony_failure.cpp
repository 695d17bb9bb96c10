#include "daemon/cli/ceremony_failure.hpp"

#include "daemon/cli/explained.hpp"

namespace cli {
namespace {

constexpr const char* kUndone =
    "this step; what was written before it stopped stays, and the step can be repeated";
constexpr Advice kAdvice{
    .wrong_file =
        "fetch the file that the script names again from where it was made, and compare its SHA-256",
    .wrong_wish = "correct the section of the script, or the request that it names; print the script anew",
    .may_pass = "run chancery doctor with the same token; repeat the step: what was begun is finished first",
    .other = "find out why before anything else is done with this token; the transcript has the words"};

}  // namespace

Failure ceremony_failure(const std::exception& error, const std::string& script) {
  return explained(error, {script, kUndone, kAdvice})
      .completed(script, "correct what the script names, then repeat the step", kUndone);
}

}  // namespace cli
