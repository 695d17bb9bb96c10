#include <CLI/CLI.hpp>

// Exit codes: 0 done, 1 failed, 2 usage.
int main(int argc, char* argv[]) {
  CLI::App app{"chancery: keys, ceremonies and checks for the Chancery certificate authority"};
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  }
  return 0;
}
