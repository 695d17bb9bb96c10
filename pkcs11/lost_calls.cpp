#include "pkcs11/lost_calls.hpp"

#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

constexpr std::size_t kSubjects = 4;  // that may hang as much as one may, before all calls are refused

}  // namespace

void LostCalls::refuse_more(const std::string& subject) const {
  if (hanging_ == 0) {
    return;
  }
  const std::lock_guard lock{mutex_};
  const auto found = by_subject_.find(subject);
  const bool one = found != by_subject_.end() && found->second >= most_of_one_;
  if (one || hanging_ >= kSubjects * most_of_one_) {
    throw Error{ErrorClass::unavailable,
                std::to_string(one ? found->second : hanging_.load()) + " calls into the module" +
                    (one ? " for " + subject : "") + " do not come back",
                "look at the HSM and its library's log; if it stays, restart the daemon"};
  }
}

void LostCalls::add(const std::string& subject) {
  const std::lock_guard lock{mutex_};
  ++by_subject_[subject];
  ++hanging_;
  ++total_;
}

void LostCalls::came_back(const std::string& subject) {
  const std::lock_guard lock{mutex_};
  const auto found = by_subject_.find(subject);
  if (--found->second == 0) {
    by_subject_.erase(found);
  }
  --hanging_;
}

void LostCalls::never_was(const std::string& subject) {
  came_back(subject);
  --total_;
}

}  // namespace pkcs11
