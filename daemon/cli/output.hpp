#pragma once
#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace cli {

enum class Format { table, json };

// Rows under headings, columns as wide as their longest cell. Control characters are shown as '?', never sent
// to a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void row(std::vector<std::string> cells);
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// One "name   value" line each.
void print_pairs(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& pairs);
void print_json(std::ostream& out, const nlohmann::json& value);

}  // namespace cli
