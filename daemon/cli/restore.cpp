#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/backup/backup_folder.hpp"
#include "daemon/cli/backup_report.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/lost_revocations.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

constexpr int kNo = 3;
constexpr const char* kUndone = "nothing was restored";

struct Arguments {
  std::string from, ledger;
  std::vector<std::string> published;
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
std::vector<std::string> next_steps(const backup::Manifest& manifest, bool compared, bool all_raised) {
  const auto& ledger = manifest.ledger;
  const std::string by_time =
      "is the time in milliseconds since 1970 or more, so above every one that was published unless the "
      "clock was ahead then or is behind now: check it";
  return {
      "keys: the tokens must hold the keys above; chancery doctor --config FILE signs once with each",
      "revocations after " + manifest.taken_at + " are forgotten" +
          (compared ? ", but for those of the lists above: which later ones does anybody know?"
                    : ": NOTHING WAS COMPARED. Remove the ledger that this made and restore again with "
                      "--published-crl and "
                      "the last CRLs that were published, before relying parties can reach the daemon"),
      "certificates issued after " + manifest.taken_at +
          " are unknown: find them in audit reports and in copies of the audit log with more than " +
          std::to_string(ledger.audit_size) + " events (published audit heads)",
      compared && all_raised
          ? "CRL numbers: the next one of each series above is above the number of its list, whatever the "
            "clock; of a series that no list above is of, it " +
                by_time
          : (compared
                 ? "CRL numbers: not every list above is of a series of the backup; of others than these, "
                   "the next one "
                 : "CRL numbers: the next one ") +
                by_time,
      "audit log: note this restore; it goes on with event number " + std::to_string(ledger.audit_size) +
          ", after root " + ca::to_hex(ledger.audit_root)};
}

int restore(const Arguments& arguments, Format format) {
  try {
    std::optional<LostRevocations> lost;
    const auto manifest =
        backup::restore(arguments.from, arguments.ledger, [&](const std::filesystem::path& copy) {
          lost.emplace(copy.string(), arguments.published, kUndone);
          lost->write_serials(arguments.ledger);
          ca::raise_crl_numbers(copy.string(), lost->numbers());
        });
    const int code = lost->none() ? 0 : kNo;
    const auto steps = next_steps(manifest, !arguments.published.empty(), !lost->without_series());
    if (format == Format::json) {
      auto report = backup_json(manifest, arguments.from);
      report["ledger"] = arguments.ledger;
      report["next"] = steps;
      report["published"] = lost->json();
      print_json(std::cout, report);
      return code;
    }
    print_backup(manifest, arguments.from, format);
    std::cout << "restored to " << arguments.ledger << "\n\n";
    if (!arguments.published.empty()) {
      lost->print();
      std::cout << '\n';
    }
    std::cout << "before the daemon serves again:\n";
    for (std::size_t i = 0; i < steps.size(); ++i) {
      std::cout << ' ' << i + 1 << ". " << steps[i] << '\n';
    }
    return code;
  } catch (const Failure& failure) {
    throw failure.completed(arguments.from, "", kUndone);
  } catch (const ca::Error& error) {
    throw Failure{error.what(), arguments.from, advice_for(error.code()), kUndone};
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
  verb->add_option(
      "--published-crl", arguments->published,
      "the last lists that were published: what they revoke and the backup does not know is listed, and "
      "their "
      "CRL numbers are not given again; the exit code is 3 when anything is lost or a list's key is unknown");
  verb->callback([&session, arguments] {
    session.action = [&session, arguments] { return restore(*arguments, session.format); };
  });
}

}  // namespace cli
