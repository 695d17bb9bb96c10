#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/ceremony/transcript.hpp"
#include "daemon/cli/ceremony_shares.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

constexpr int kNo = 3;

struct Arguments {
  std::vector<std::string> files;
  std::string transcript;
};

std::string set_text(const ceremony::Share& share) { return ceremony::in_groups(set_of(share)); }

// Whose share the ceremony wrote down with these lines; empty: nobody's.
std::string role_of(const ceremony::Record& record, const ceremony::Share& share) {
  const std::string digest = share.digest();
  for (const auto& entry : record.entries) {
    for (const auto& [name, value] : entry.artefacts) {
      if (value == digest && name.ends_with(kLinesOfShare)) {
        return name.substr(0, name.size() - std::string_view{kLinesOfShare}.size());
      }
    }
  }
  return "";
}

bool made_shares(const ceremony::Record& record) {
  return std::ranges::any_of(record.entries, [](const ceremony::Entry& entry) {
    return std::ranges::any_of(entry.artefacts,
                               [](const auto& artefact) { return artefact.first.ends_with(kLinesOfShare); });
  });
}

ceremony::Record recorded(const std::string& file) {
  constexpr const char* kUndone = "the share was not compared";
  try {
    auto record = ceremony::read_transcript(read_text(file, ceremony::kMaxTranscriptBytes));
    if (!record.closed || !made_shares(record)) {
      throw Failure{record.closed ? "this transcript is of a step that made no shares"
                                  : "this transcript was never closed",
                    file, "take transcript.jsonl of the step that made them: root, or the last renew-shares",
                    kUndone};
    }
    return record;
  } catch (const ca::Error& error) {
    throw Failure{error.what(), file,
                  "take the transcript from where it is kept; chancery ceremony verify checks it", kUndone};
  }
}

// The set that the step made; shares that it was given are of another.
std::string recorded_set(const ceremony::Record& record) {
  std::string set;
  for (const auto& entry : record.entries) {
    const auto fact = entry.facts.find(kShareSetFact);
    if (entry.command == kMakeShares && fact != entry.facts.end()) {
      set = fact->second;
    }
  }
  return set;
}

void print_share_outcome(const ceremony::Record& record, const ceremony::Share& share,
                         const std::string& file, const std::string& role) {
  if (!role.empty()) {
    std::cout << file << " is the share of " << role << " of " << record.fact("ceremony").value_or("")
              << '\n';
  } else if (recorded_set(record) != set_text(share)) {
    std::cout << file << " is of ANOTHER ceremony: its set is " << set_text(share) << ", the transcript's "
              << recorded_set(record) << '\n';
  } else {
    std::cout << file << " was CHANGED: its check values fit, but share " << share.number
              << " of this ceremony had other digits\n";
  }
}

// Whether each is one that the ceremony wrote down. Any of them alone; nothing of them is shown.
int compare(const std::vector<ceremony::Share>& shares, const Arguments& arguments, Format format) {
  const auto record = recorded(arguments.transcript);
  auto list = nlohmann::json::array();
  bool all = true;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto role = role_of(record, shares[i]);
    all = all && !role.empty();
    list.push_back({{"file", arguments.files[i]}, {"recorded", !role.empty()}, {"role", role}});
    if (format != Format::json) {
      print_share_outcome(record, shares[i], arguments.files[i], role);
    }
  }
  if (format == Format::json) {
    print_json(std::cout, {{"ok", all}, {"shares", list}});
  } else {
    std::cout << (all ? "whether the transcript is the ceremony's, chancery ceremony verify tells\n"
                      : "keep it, tell the others before anybody needs it, and make a new set of shares (the "
                        "step renew-shares)\n");
  }
  return all ? 0 : kNo;
}

void print_shares(const std::vector<ceremony::Share>& shares, const Arguments& arguments, bool enough,
                  Format format) {
  auto list = nlohmann::json::array();
  Table table{{"SHARE", "OF", "NEEDED", "SET", "CHECK", "FILE"}};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto& share = shares[i];
    table.row({std::to_string(share.number), std::to_string(share.set.count),
               std::to_string(share.set.threshold), set_text(share), share.check_value(),
               arguments.files[i]});
    list.push_back({{"file", arguments.files[i]},
                    {"share", share.number},
                    {"of", share.set.count},
                    {"needed", share.set.threshold},
                    {"set", set_text(share)},
                    {"check", share.check_value()}});
  }
  if (format == Format::json) {
    print_json(std::cout, {{"shares", list}, {"restore", enough}});
    return;
  }
  table.print(std::cout);
  std::cout << (enough ? "these shares restore the PINs\n" : "each is whole\n");
}

int check(const Arguments& arguments, Format format) {
  std::vector<ceremony::Share> shares;
  for (const auto& file : arguments.files) {
    shares.push_back(read_share(file));
  }
  if (!arguments.transcript.empty()) {
    return compare(shares, arguments, format);
  }
  const bool enough = shares.size() >= shares.front().set.threshold;
  try {
    ceremony::check_fit(shares);
    if (enough) {
      static_cast<void>(ceremony::combine(shares));
    }
  } catch (const ca::Error& error) {
    throw Failure{error.what(), "",
                  "give different shares of one token; --transcript tells which is not the ceremony's",
                  "nothing was opened"};
  }
  print_shares(shares, arguments, enough, format);
  return 0;
}

}  // namespace

void add_ceremony_check_share(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("check-share",
                                     "whether shares are typed right, and with enough of them whether they "
                                     "fit together; shows nothing of them");
  verb->add_option("files", arguments->files, "share files")->required();
  verb->add_option(
      "--transcript", arguments->transcript,
      "transcript.jsonl of the step root: whether each share is one that the ceremony made; 3: no");
  verb->callback([&session, arguments] {
    session.undone = "nothing was compared or opened";
    session.action = [&session, arguments] { return check(*arguments, session.format); };
  });
}

}  // namespace cli
