#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

int tell(const CeremonyArguments& arguments, Format format) {
  const auto script = ceremony_script(arguments);
  const std::string folder =
      (arguments.step == "shares" ? script.shares : script.output / arguments.step).string();
  if (format == Format::json) {
    print_json(std::cout, {{"folder", folder}});
  } else {
    std::cout << folder << '\n';
  }
  return 0;
}

}  // namespace

void add_ceremony_folder(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<CeremonyArguments>();
  auto* verb = parent.add_subcommand("folder", "where a step of a script leaves its files");
  verb->add_option("--script", arguments->script, "the ceremony (YAML)")->required();
  verb->add_option("--step", arguments->step,
                   "root, sign-subordinate, cross-sign, revoke-subordinate, renew-shares; or shares")
      ->required()
      ->check(CLI::IsMember(
          {"root", "sign-subordinate", "cross-sign", "revoke-subordinate", kRenewShares, "shares"}));
  verb->add_flag("--rehearse", arguments->rehearse, "of a rehearsal");
  verb->callback([&session, arguments] {
    session.undone = "nothing was looked up";
    session.action = [&session, arguments] { return tell(*arguments, session.format); };
  });
}

}  // namespace cli
