#pragma once
#include <stdexcept>
#include <string>
#include <vector>

namespace config {

// One thing that is wrong in a file, where a person finds it. Lines and columns count from 1; 0 = the file as
// a whole.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string key;   // "listeners.api.port", "tokens[1].uri"; empty for the whole file
  std::string text;  // what is wrong and what is expected; never a secret

  // "chancery.yaml:12:9: listeners.api.port: 99999 is out of range, expected 0 to 65535"
  [[nodiscard]] std::string line_text() const;
};

// Thrown once per load, with everything that is wrong, in the order of the file.
class Invalid : public std::runtime_error {
 public:
  explicit Invalid(std::vector<Problem> problems);
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace config
