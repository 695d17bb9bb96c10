#include "config/problem.hpp"

#include <utility>

namespace config {
namespace {

std::string joined(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + problem.line_text();
  }
  return text;
}

}  // namespace

std::string Problem::line_text() const {
  std::string where = file;
  if (line > 0) {
    where += ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  if (!key.empty()) {
    where += ": " + key;
  }
  return where + ": " + text;
}

Invalid::Invalid(std::vector<Problem> problems)
    : std::runtime_error{joined(problems)}, problems_{std::move(problems)} {}

}  // namespace config
