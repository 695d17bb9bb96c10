#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "config/options.hpp"
#include "config/principals.hpp"
#include "config/problem.hpp"

// Exit codes: 0 ended as asked, 1 failed, 2 usage, 78 (EX_CONFIG) configuration refused.
int main(int argc, char* argv[]) {
  CLI::App app{"chanceryd: a certificate authority whose keys live in a PKCS#11 token"};
  std::string file;
  app.add_option("--config", file, "configuration file (YAML)")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  }
  try {
    const auto options = config::load(file);
    (void)config::load_principals(options.principals, options.authority.partition);
  } catch (const config::Invalid& invalid) {
    std::fprintf(stderr, "%s\n", invalid.what());
    return 78;
  }
  return 0;
}
