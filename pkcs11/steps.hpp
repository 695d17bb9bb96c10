#pragma once
// Internal: an examination by steps, for an operator's eyes.
#include <utility>

#include "pkcs11/doctor.hpp"
#include "pkcs11/error.hpp"

namespace pkcs11 {

class Steps {
 public:
  // `found` returns what it found; a throw is a failed step, and false.
  template <typename Step>
  bool step(const char* what, Step found) {
    constexpr const char* kSeeLog = "see the module's own log; the return value is explained in PKCS#11, 5.1";
    try {
      steps_.push_back({what, true, found(), {}});
      return true;
    } catch (const Error& error) {
      steps_.push_back({what, false, error.cause(), error.hint().empty() ? kSeeLog : error.hint()});
    } catch (const std::exception& error) {
      steps_.push_back({what, false, error.what(), "see the system's log"});
    }
    return false;
  }

  [[nodiscard]] std::vector<DoctorStep> take() { return std::move(steps_); }

 private:
  std::vector<DoctorStep> steps_;
};

}  // namespace pkcs11
