#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/options.hpp"
#include "config/principals.hpp"
#include "config/problem.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

// The problems of both files, so that one run shows everything.
std::vector<config::Problem> problems_of(const std::string& file) {
  std::vector<config::Problem> problems;
  try {
    const auto options = config::load(file);
    (void)config::load_principals(options.principals, options.authority.partition);
  } catch (const config::Invalid& invalid) {
    problems = invalid.problems();
  }
  return problems;
}

int check(const std::string& file, Format format) {
  const auto problems = problems_of(file);
  if (format == Format::json) {
    auto list = nlohmann::json::array();
    for (const auto& problem : problems) {
      list.push_back({{"file", problem.file},
                      {"line", problem.line},
                      {"column", problem.column},
                      {"key", problem.key},
                      {"problem", problem.text}});
    }
    print_json(std::cout, {{"ok", problems.empty()}, {"problems", list}});
  } else if (problems.empty()) {
    std::cout << file << ": sound\n";
  }
  if (format == Format::table) {
    for (const auto& problem : problems) {
      std::cerr << problem.line_text() << '\n';
    }
  }
  return problems.empty() ? 0 : 1;
}

}  // namespace

void add_config_check(CLI::App& parent, Session& session) {
  const auto file = std::make_shared<std::string>();
  auto* verb = parent.add_subcommand(
      "check", "read the configuration, the principals and their policies; start nothing");
  verb->add_option("--config", *file, "configuration file")->required();
  verb->callback(
      [&session, file] { session.action = [&session, file] { return check(*file, session.format); }; });
}

}  // namespace cli
