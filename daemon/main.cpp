#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "config/options.hpp"
#include "config/principals.hpp"
#include "config/problem.hpp"
#include "daemon/wiring/daemon.hpp"
#include "daemon/wiring/module_options.hpp"
#include "daemon/wiring/named_files.hpp"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kConfigurationRefused = 78;  // EX_CONFIG: systemd does not restart on it

int serve(const std::string& file, bool check_only) {
  config::Options options;
  config::PrincipalsFile principals;
  try {
    options = config::load(file);
    principals = config::load_principals(options.principals, options.authority.partition);
    (void)wiring::provisioning_profiles(options);
    const auto problems = wiring::problems_of_named_files(options, principals);
    for (const std::string& problem : problems) {
      std::fprintf(stderr, "%s: %s\n", file.c_str(), problem.c_str());
    }
    if (!problems.empty()) {
      return kConfigurationRefused;
    }
  } catch (const std::exception& refused) {
    std::fprintf(stderr, "%s\n", refused.what());
    return kConfigurationRefused;
  }
  if (check_only) {
    std::printf("%s: sound\n", file.c_str());
    return 0;
  }
  const wiring::Signals signals;
  const ops::Log log{wiring::log_level(options)};
  std::shared_ptr<pkcs11::ModuleSet> modules;
  try {
    wiring::Daemon daemon{std::move(options), principals, log};
    modules = daemon.modules();
    if (daemon.run(signals) == wiring::Daemon::End::hurried) {
      log.flush();
      std::_Exit(kFailed);
    }
  } catch (const std::exception& error) {
    log.error("chanceryd ends", {{"cause", error.what()}});
    return kFailed;
  }
  // No destructor of the process may run beside a call that stands in a token's library.
  if (const std::size_t calls = pkcs11::calls_inside(*modules); calls > 0) {
    log.warning("leaving behind calls that do not come back from a token's library",
                {{"calls", std::to_string(calls)}});
    log.flush();
    std::_Exit(0);
  }
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  wiring::harden_process();
  CLI::App app{"chanceryd: a certificate authority whose keys live in a PKCS#11 token"};
  std::string file;
  bool check_only = false;
  app.add_option("--config", file, "configuration file (YAML)")->required();
  app.add_flag("--check", check_only,
               "read the configuration and the files that it names, say what is wrong, start nothing");
  app.set_version_flag("--version", CHANCERY_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : kUsage;
  }
  return serve(file, check_only);
}
