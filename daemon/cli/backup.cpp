#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/backup/backup_folder.hpp"
#include "daemon/cli/backup_report.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

constexpr int kNo = 3;

struct Arguments {
  std::string ledger, to, folder;
};

std::string advice_for(ca::Code code) {
  if (code == ca::Code::conflict) {
    return "give another name after --to; a date in it keeps them apart";
  }
  if (code == ca::Code::invalid_state) {
    return "keep the older backups: the ledger itself is damaged or was changed from outside; look at "
           "/readyz and the daemon's log before anything else";
  }
  return "check that --ledger is the configuration's ledger.path, that the folder above --to exists, its "
         "owner and free space, and run this again";
}

// Issuing goes first on every core. That it cannot be asked for does not matter.
void step_back() {
  constexpr int kLowest = 19;
  [[maybe_unused]] const int asked = ::setpriority(PRIO_PROCESS, 0, kLowest);
}

int make(const Arguments& arguments, Format format) {
  step_back();
  try {
    const auto manifest = backup::make(arguments.ledger, arguments.to, ca::SystemClock{});
    print_backup(manifest, arguments.to, format);
    return 0;
  } catch (const ca::Error& error) {
    throw Failure{error.what(), arguments.ledger, advice_for(error.code()),
                  "there is no backup at " + arguments.to + ", the ledger is as it was"};
  }
}

int verify(const Arguments& arguments, Format format) {
  try {
    print_backup(backup::verify(arguments.folder), arguments.folder, format);
    return 0;
  } catch (const ca::Error& error) {
    if (error.code() != ca::Code::invalid_state) {
      throw Failure{error.what(), arguments.folder, "name a folder that chancery backup has made"};
    }
    if (format == Format::json) {
      print_json(std::cout, {{"ok", false}, {"folder", arguments.folder}, {"problem", error.what()}});
    } else {
      std::cout << "DO NOT RESTORE this backup: " << error.what() << '\n';
    }
    return kNo;
  }
}

}  // namespace

void add_backup(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand(
      "backup", "a snapshot of the ledger, checked, with its manifest; a daemon may be using the ledger");
  verb->add_option("--ledger", arguments->ledger, "the ledger's file: ledger.path of the configuration");
  verb->add_option("--to", arguments->to, "folder to make; must not exist");
  auto* check = verb->add_subcommand("verify", "whether a backup is whole and fits its manifest; 3: no");
  check->add_option("DIR", arguments->folder, "the backup's folder")->required();
  check->callback([&session, arguments] {
    session.action = [&session, arguments] { return verify(*arguments, session.format); };
  });
  verb->callback([&session, arguments, verb, check] {
    if (verb->got_subcommand(check)) {
      return;
    }
    if (arguments->ledger.empty() || arguments->to.empty()) {
      throw CLI::RequiredError{"--ledger and --to"};
    }
    session.action = [&session, arguments] { return make(*arguments, session.format); };
  });
}

}  // namespace cli
