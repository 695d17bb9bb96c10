#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/backup/backup_folder.hpp"
#include "daemon/cli/backup_report.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  std::string from, ledger;
};

std::string advice_for(ca::Code code) {
  if (code == ca::Code::conflict) {
    return "stop the daemon and move the old ledger with its -wal and -shm away; keep it: it may hold what "
           "the backup does not";
  }
  if (code == ca::Code::invalid_state) {
    return "take another backup, or fetch this one again from where it is kept; when only the schema is "
           "newer, restore with the build that wrote it";
  }
  return "check that --from is a backup, that the ledger's folder exists, its owner and free space, and "
         "that no daemon runs on it";
}

// What the ledger cannot know about the time after the backup.
std::vector<std::string> next_steps(const backup::Manifest& manifest) {
  const auto& ledger = manifest.ledger;
  return {
      "keys: the tokens must hold the keys above; chancery doctor --config FILE signs once with each",
      "revocations after " + manifest.taken_at +
          " are forgotten: compare the last published CRLs with the ledger and revoke again, before relying "
          "parties can reach the daemon",
      "certificates issued after " + manifest.taken_at +
          " are unknown: find them in audit reports and in copies of the audit log with more than " +
          std::to_string(ledger.audit_size) + " events (published audit heads)",
      "CRL numbers: the next one is the time in milliseconds since 1970 or more, so above every number that "
      "was published, unless this machine's clock is behind: check it",
      "audit log: note this restore; it goes on with event number " + std::to_string(ledger.audit_size) +
          ", after root " + ca::to_hex(ledger.audit_root)};
}

int restore(const Arguments& arguments, Format format) {
  try {
    const auto manifest = backup::restore(arguments.from, arguments.ledger);
    const auto steps = next_steps(manifest);
    if (format == Format::json) {
      auto report = backup_json(manifest, arguments.from);
      report["ledger"] = arguments.ledger;
      report["next"] = steps;
      print_json(std::cout, report);
      return 0;
    }
    print_backup(manifest, arguments.from, format);
    std::cout << "restored to " << arguments.ledger << "\n\nbefore the daemon serves again:\n";
    for (std::size_t i = 0; i < steps.size(); ++i) {
      std::cout << ' ' << i + 1 << ". " << steps[i] << '\n';
    }
    return 0;
  } catch (const ca::Error& error) {
    throw Failure{error.what(), arguments.from, advice_for(error.code()), "nothing was restored"};
  }
}

}  // namespace

void add_restore(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand(
      "restore", "verify a backup and put its ledger in place; no daemon may be using that ledger");
  verb->add_option("--from", arguments->from, "the backup's folder")->required();
  verb->add_option("--ledger", arguments->ledger,
                   "the ledger's file: ledger.path of the configuration; must not exist")
      ->required();
  verb->callback([&session, arguments] {
    session.action = [&session, arguments] { return restore(*arguments, session.format); };
  });
}

}  // namespace cli
