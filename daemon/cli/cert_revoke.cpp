#include <algorithm>
#include <cctype>
#include <csignal>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/service_arguments.hpp"
#include "daemon/cli/verbs.hpp"
#include "daemon/client/bulk_revocation.hpp"
#include "daemon/client/progress.hpp"

namespace cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kLook{100};
constexpr milliseconds kLineEvery{5'000};
constexpr const char* kGoOn = "run the same command again: it goes on with what is not revoked yet";

constexpr std::size_t kMaxSerialsBytes = std::size_t{256} << 20U;  // three million lines with their comments

struct Arguments {
  SelectionArguments service;
  std::string reason, serials;
  bool dry_run = false;
  bool yes = false;
  double rate = 0;
  unsigned concurrency = 8;
};

// SIGINT and SIGTERM wait until they are asked for; a second one ends the process at once. Made before the
// threads, which inherit that.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  // Whether one has come; the next one is not held back any longer.
  [[nodiscard]] bool came() {
    const timespec at_once{};
    if (!came_ && sigtimedwait(&signals_, nullptr, &at_once) > 0) {
      came_ = true;
      pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    }
    return came_;
  }

 private:
  sigset_t signals_{};
  bool came_ = false;
};

// A bar that is drawn over on a terminal, else a line now and then. On stderr.
class Display {
 public:
  void show(const client::Progress& progress, bool last) {
    const auto now = SteadyClock::now();
    if (terminal_) {
      std::cerr << '\r' << client::progress_bar(progress) << "\x1b[K" << (last ? "\n" : "") << std::flush;
    } else if (last || now - shown_ >= kLineEvery) {
      shown_ = now;
      std::cerr << client::progress_line(progress) << '\n';
    }
  }

 private:
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  SteadyClock::time_point shown_ = SteadyClock::now();
};

// One serial a line in hex; '#' begins a comment. In their order, each once. Throws Failure, Usage.
std::vector<ca::SerialNumber> serials_in(const std::string& file) {
  std::istringstream lines{read_text(file, kMaxSerialsBytes)};
  std::vector<ca::SerialNumber> serials;
  std::set<ca::SerialNumber> seen;
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    line.erase(std::min(line.find('#'), line.size()));
    std::erase_if(line, [](unsigned char c) { return std::isspace(c) != 0; });
    try {
      if (!line.empty() && seen.insert(ca::SerialNumber::from_hex(line)).second) {
        serials.push_back(ca::SerialNumber::from_hex(line));
      }
    } catch (const ca::Error& wrong) {
      throw Usage{file + ":" + std::to_string(number) + ": " + wrong.what() + ". Nothing was revoked"};
    }
  }
  return serials;
}

client::Selection select(const SelectionTarget& target, const Arguments& arguments) {
  client::Selection selection;
  if (arguments.service.listed) {
    selection.serials = serials_in(arguments.serials);
    return selection;
  }
  for_each_page(target, "", [&](const client::Page& page) {
    for (const auto& certificate : page.certificates) {
      selection.add(certificate, target.conditions);
    }
    return true;
  });
  selection.note_devices(target.conditions);
  return selection;
}

void print_selection(const client::Selection& selection, std::ostream& out) {
  out << selection.serials.size() << " certificates to revoke\n";
  for (const auto& [name, count] : selection.by_template) {
    out << "  " << count << "  " << name << '\n';
  }
  const auto also = [&](std::uint64_t count, const char* what) {
    if (count != 0) {
      out << count << ' ' << what << '\n';
    }
  };
  also(selection.revoked, "already revoked");
  also(selection.pending, "not signed yet: run this again when they are");
  also(selection.self_signed, "self-signed, left out: it cannot be revoked");
  also(selection.ocsp_signers, "OCSP signers of the authority, left out: name their template to revoke them");
  also(selection.devices_without.size(), "devices have no certificate of this kind, such as:");
  for (std::size_t i = 0; i < selection.devices_without.size() && i < 5; ++i) {
    out << "  " << selection.devices_without[i] << '\n';
  }
  if (!selection.first.empty()) {
    out << "The first of them:\n";
    Table table{{"SERIAL", "TEMPLATE", "DEVICE", "SUBJECT", "ISSUED"}};
    for (const auto& certificate : selection.first) {
      table.row({certificate.serial.hex(), certificate.template_name, certificate.device_id,
                 certificate.subject, certificate.issued_at});
    }
    table.print(out);
  }
}

json selection_json(const client::Selection& selection) {
  json first = json::array();
  for (const auto& certificate : selection.first) {
    first.push_back({{"serial", certificate.serial.colon_hex()},
                     {"template", certificate.template_name},
                     {"device_id", certificate.device_id},
                     {"subject", certificate.subject}});
  }
  return {{"to_revoke", selection.serials.size()},        {"by_template", selection.by_template},
          {"already_revoked", selection.revoked},         {"pending", selection.pending},
          {"self_signed", selection.self_signed},         {"ocsp_signers", selection.ocsp_signers},
          {"devices_without", selection.devices_without}, {"first", first}};
}

// At a terminal the count must be typed; elsewhere --yes must have been there.
void confirm(const Arguments& arguments, std::size_t count) {
  if (arguments.yes) {
    return;
  }
  if (::isatty(STDIN_FILENO) != 1) {
    throw Usage{
        "nothing was revoked: there is no terminal to ask at. --dry-run shows what would be revoked, --yes "
        "revokes it"};
  }
  std::cerr << "This cannot be undone. Type the number of certificates to revoke them (" << count
            << "): " << std::flush;
  std::string typed;
  std::getline(std::cin, typed);
  if (typed != std::to_string(count)) {
    throw Failure{"that is not the number", "", "", "nothing was revoked"};
  }
}

struct Outcome {
  client::BulkCounts counts;
  std::vector<client::BulkRevocation::Failure> failures;
  std::string gave_up;
  bool interrupted = false;
  client::Progress progress;
};

Outcome run(const Arguments& arguments, const SelectionTarget& target,
            std::vector<ca::SerialNumber> serials) {
  const ca::SystemClock clock;
  EndSignals signals;
  Display display;
  Outcome outcome;
  outcome.progress.total = serials.size();
  const auto begin = SteadyClock::now();
  client::BulkRevocation bulk{
      {.concurrency = arguments.concurrency,
       .per_second = arguments.rate > 0 ? std::optional{arguments.rate} : std::nullopt},
      std::move(serials),
      [&]() -> client::BulkRevocation::Revoke {
        const auto connection = std::make_shared<client::ServiceClient>(target.service, clock);
        return [&, connection](const ca::SerialNumber& serial) {
          return connection->revoke(target.authority, serial.hex(), arguments.reason);
        };
      }};
  for (bool ended = false; !ended;) {
    ended = bulk.ended_within(kLook);
    if (!outcome.interrupted && signals.came()) {
      outcome.interrupted = true;
      bulk.stop();
    }
    outcome.counts = bulk.counts();
    outcome.progress.done = outcome.counts.done();
    outcome.progress.failed = outcome.counts.failed;
    outcome.progress.elapsed = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - begin);
    display.show(outcome.progress, ended);
  }
  outcome.failures = bulk.failures();
  outcome.gave_up = bulk.gave_up();
  return outcome;
}

void print_outcome(const Outcome& outcome, std::uint64_t left, Format format) {
  if (format == Format::json) {
    json failures = json::array();
    for (const auto& failure : outcome.failures) {
      failures.push_back({{"serial", failure.serial.colon_hex()}, {"reason", failure.reason}});
    }
    print_json(std::cout, {{"revoked", outcome.counts.revoked},
                           {"already_revoked", outcome.counts.already_revoked},
                           {"failed", outcome.counts.failed},
                           {"left", left},
                           {"interrupted", outcome.interrupted},
                           {"gave_up", outcome.gave_up},
                           {"failures", failures},
                           {"seconds", static_cast<double>(outcome.progress.elapsed.count()) / 1000},
                           {"per_second", client::per_second(outcome.progress)}});
    return;
  }
  print_pairs(std::cout, {{"revoked", std::to_string(outcome.counts.revoked)},
                          {"already revoked", std::to_string(outcome.counts.already_revoked)},
                          {"failed", std::to_string(outcome.counts.failed)},
                          {"left", std::to_string(left)}});
  for (const auto& failure : outcome.failures) {
    std::cout << "  " << failure.serial.hex() << "  " << failure.reason << '\n';
  }
}

int revoke(const Arguments& arguments, Format format) {
  const auto target = selection_target_of(arguments.service);
  client::Selection selection = select(*target, arguments);
  if (arguments.dry_run) {
    if (format == Format::json) {
      print_json(std::cout, selection_json(selection));
    } else {
      print_selection(selection, std::cout);
      std::cout << "Nothing was revoked: this was a dry run.\n";
    }
    return 0;
  }
  print_selection(selection, std::cerr);
  const std::size_t total = selection.serials.size();
  if (total != 0) {
    confirm(arguments, total);
  }
  const Outcome outcome = run(arguments, *target, std::move(selection.serials));
  const std::uint64_t left = total - outcome.counts.done();
  print_outcome(outcome, left, format);
  if (!outcome.gave_up.empty()) {
    throw Failure{outcome.gave_up, target->service.endpoint, kGoOn, std::to_string(left) + " revocations"};
  }
  if (left != 0) {
    throw Failure{"interrupted", "", kGoOn, std::to_string(left) + " revocations"};
  }
  return outcome.counts.failed == 0 ? 0 : 1;
}

}  // namespace

void add_cert_revoke(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("revoke", "revokes every certificate that fits");
  add_selection_arguments(*verb, arguments->service);
  verb->add_option(
      "--serials", arguments->serials,
      "a file with one serial a line, instead of --where: each is asked for, whatever is known of it");
  verb->add_option("--reason", arguments->reason, "as in the AWS API")
      ->required()
      ->check(CLI::IsMember({"UNSPECIFIED", "KEY_COMPROMISE", "CERTIFICATE_AUTHORITY_COMPROMISE",
                             "AFFILIATION_CHANGED", "SUPERSEDED", "CESSATION_OF_OPERATION",
                             "PRIVILEGE_WITHDRAWN", "A_A_COMPROMISE"}));
  verb->add_flag("--dry-run", arguments->dry_run, "shows how many and which, revokes nothing");
  verb->add_flag("--yes", arguments->yes, "does not ask");
  verb->add_option("--rate", arguments->rate, "at most so many in a second; default: as fast as it goes")
      ->check(CLI::Range(0.01, 100'000.0));
  verb->add_option("--concurrency", arguments->concurrency, "calls at once; default 8")
      ->check(CLI::Range(1U, 64U));
  verb->callback([&session, arguments] {
    arguments->service.listed = !arguments->serials.empty();
    session.action = [&session, arguments] { return revoke(*arguments, session.format); };
  });
}

}  // namespace cli
