#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/verbs.hpp"
#include "pkcs11/slot.hpp"

namespace cli {
namespace {

// What a person should know about the token's user PIN.
std::string pin_state(const pkcs11::Slot& slot) {
  if (!slot.initialized) return "token not initialized";
  if (!slot.user_pin_set) return "not set";
  if (slot.user_pin_locked) return "LOCKED";
  if (slot.user_pin_final_try) return "one try left";
  if (slot.user_pin_count_low) return "wrong PIN tried";
  if (slot.user_pin_to_be_changed) return "must be changed";
  return "set";
}

nlohmann::json as_json(const pkcs11::Slot& slot) {
  nlohmann::json object = {
      {"slot", slot.slot_id}, {"description", slot.description}, {"initialized", slot.initialized}};
  object["token"] = {{"label", slot.label},
                     {"serial", slot.serial},
                     {"manufacturer", slot.manufacturer},
                     {"model", slot.model},
                     {"login_required", slot.login_required},
                     {"write_protected", slot.write_protected},
                     {"user_pin", pin_state(slot)},
                     {"max_sessions", slot.max_sessions}};
  return object;
}

int list(const std::string& module, Format format) {
  const auto slots = pkcs11::list_slots(module);
  if (format == Format::json) {
    auto array = nlohmann::json::array();
    for (const auto& slot : slots) {
      array.push_back(as_json(slot));
    }
    print_json(std::cout, {{"module", module}, {"slots", array}});
    return 0;
  }
  Table table{{"SLOT", "TOKEN", "SERIAL", "MANUFACTURER", "MODEL", "USER PIN", "SESSIONS"}};
  for (const auto& slot : slots) {
    table.row({std::to_string(slot.slot_id), slot.label, slot.serial, slot.manufacturer, slot.model,
               pin_state(slot), slot.max_sessions == 0 ? "no limit" : std::to_string(slot.max_sessions)});
  }
  table.print(std::cout);
  return 0;
}

}  // namespace

void add_hsm_list_slots(CLI::App& parent, Session& session) {
  const auto module = std::make_shared<std::string>();
  auto* verb = parent.add_subcommand("list-slots", "slots and tokens of a PKCS#11 library; logs in nowhere");
  verb->add_option("--module", *module, "PKCS#11 library")->required();
  verb->callback([&session, module] {
    session.undone = "nothing was listed";
    session.action = [&session, module] { return list(*module, session.format); };
  });
}

}  // namespace cli
