#pragma once
#include <stdexcept>
#include <string>

namespace cli {

// Why a verb could not do what was asked, for a person: what, where, what was not done, what to do. Exit
// code 1.
class Failure : public std::runtime_error {
 public:
  Failure(const std::string& what, const std::string& where, const std::string& advice,
          const std::string& undone = "")
      : std::runtime_error{what + (where.empty() ? "" : "\n  where: " + where) +
                           (undone.empty() ? "" : "\n  not done: " + undone) +
                           (advice.empty() ? "" : "\n  do:    " + advice)},
        what_{what},
        where_{where},
        advice_{advice},
        undone_{undone} {}

  // With these where it says nothing.
  [[nodiscard]] Failure completed(const std::string& where, const std::string& advice,
                                  const std::string& undone) const {
    return Failure{what_, where_.empty() ? where : where_, advice_.empty() ? advice : advice_,
                   undone_.empty() ? undone : undone_};
  }

 private:
  std::string what_, where_, advice_, undone_;
};

// Exit code 2: what was asked for is not complete, or not one thing.
class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace cli
