#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "daemon/cli/ceremony_pins.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

int check(const std::vector<std::string>& files, Format format) {
  std::vector<ceremony::Share> shares;
  auto list = nlohmann::json::array();
  Table table{{"SHARE", "OF", "NEEDED", "SET", "FILE"}};
  for (const auto& file : files) {
    const auto& share = shares.emplace_back(read_share(file));
    const auto set = ceremony::in_groups(ca::to_hex(share.set.id));
    table.row({std::to_string(share.number), std::to_string(share.set.count),
               std::to_string(share.set.threshold), set, file});
    list.push_back({{"file", file},
                    {"share", share.number},
                    {"of", share.set.count},
                    {"needed", share.set.threshold},
                    {"set", set}});
  }
  const bool enough = shares.size() >= shares.front().set.threshold;
  try {
    ceremony::check_fit(shares);
    if (enough) {
      static_cast<void>(ceremony::combine(shares));
    }
  } catch (const ca::Error& error) {
    throw Failure{error.what(), "", "give different shares of one token", "nothing was opened"};
  }
  if (format == Format::json) {
    print_json(std::cout, {{"shares", list}, {"restore", enough}});
  } else {
    table.print(std::cout);
    std::cout << (enough ? "these shares restore the PINs\n" : "each is whole\n");
  }
  return 0;
}

}  // namespace

void add_ceremony_check_share(CLI::App& parent, Session& session) {
  const auto files = std::make_shared<std::vector<std::string>>();
  auto* verb = parent.add_subcommand("check-share",
                                     "whether shares are typed right, and with enough of them whether they "
                                     "fit together; shows nothing of them");
  verb->add_option("files", *files, "share files")->required();
  verb->callback(
      [&session, files] { session.action = [&session, files] { return check(*files, session.format); }; });
}

}  // namespace cli
