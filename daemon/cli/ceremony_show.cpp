#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

using nlohmann::json;

std::string days(int number) { return std::to_string(number) + "d"; }

// A key that the script leaves out stays out.
void put(json& section, const char* key, const std::string& value) {
  if (!value.empty()) {
    section[key] = value;
  }
}

json names_of(const config::CeremonyNames& names) {
  json section = json::object();
  for (const auto& [key, list] : {std::pair{"dns", &names.dns}, {"email", &names.email}, {"ip", &names.ip}}) {
    if (!list->empty()) {
      section[key] = *list;
    }
  }
  return section;
}

void put(json& section, const config::CeremonyConstraints& names) {
  if (!names.permitted.empty()) {
    section["name_constraints"]["permitted"] = names_of(names.permitted);
  }
  if (!names.excluded.empty()) {
    section["name_constraints"]["excluded"] = names_of(names.excluded);
  }
}

json people_of(const std::vector<config::CeremonyPerson>& people) {
  json list = json::array();
  for (const auto& person : people) {
    list.push_back({{"role", person.role}});
    put(list.back(), "key", person.key.value_or("").string());
  }
  return list;
}

json token_of(const config::CeremonyToken& token) {
  json section = {{"module", token.module.string()},
                  {"label", token.label},
                  {"pin", token.shared_pin ? "shares" : "own"}};
  put(section, "model", token.model);
  put(section, "manufacturer", token.manufacturer);
  put(section, "serial", token.serial);
  if (!token.interfaces.empty()) {
    section["interfaces"] = token.interfaces;
  }
  return section;
}

json root_of(const config::CeremonyRoot& root) {
  json section = {{"subject", root.subject},
                  {"key_algorithm", root.key_algorithm},
                  {"signing_algorithm", root.signing_algorithm},
                  {"validity", days(root.validity_days)},
                  {"path_length", root.path_length}};
  put(section, root.names);
  put(section, "crl_distribution_point", root.crl_distribution_point);
  put(section, "ca_issuers", root.ca_issuers);
  return section;
}

json certificate_of(const config::CeremonyCertificate& wanted) {
  json section = {{"csr", wanted.csr.string()},
                  {"validity", days(wanted.validity_days)},
                  {"path_length", wanted.path_length}};
  put(section, "csr_sha256", wanted.csr_sha256);
  put(section, "certificate", wanted.certificate.value_or("").string());
  put(section, wanted.names);
  return section;
}

json revocation_of(const config::CeremonyRevocation& revocation) {
  json files = json::array();
  for (const auto& file : revocation.certificates) {
    files.push_back(file.string());
  }
  return {{"certificates", files},
          {"reason", revocation.reason},
          {"next_update", days(revocation.next_update_days)}};
}

// The script's own keys: what this prints is a script again.
json script_of(const config::CeremonyScript& script) {
  json all = {{"name", script.name},
              {"state", script.state.string()},
              {"output", script.output.string()},
              {"token", token_of(script.token)},
              {"threshold", script.threshold},
              {"custodians", people_of(script.custodians)},
              {"root", root_of(script.root)}};
  put(all, "shares", script.shares.string());
  if (!script.witnesses.empty()) {
    all["witnesses"] = people_of(script.witnesses);
  }
  if (script.sign_subordinate) {
    all["sign_subordinate"] = certificate_of(*script.sign_subordinate);
  }
  if (script.cross_sign) {
    all["cross_sign"] = certificate_of(*script.cross_sign);
  }
  if (script.revoke_subordinate) {
    all["revoke_subordinate"] = revocation_of(*script.revoke_subordinate);
  }
  return all;
}

int show(const std::string& file, Format format) {
  const json script = script_of(script_text(file));
  if (format == Format::json) {
    print_json(std::cout, script);
    return 0;
  }
  std::vector<std::pair<std::string, std::string>> lines;
  const json flat = script.flatten();
  for (const auto& [place, value] : flat.items()) {
    std::string key = place.substr(1);
    std::ranges::replace(key, '/', '.');
    lines.emplace_back(key, value.is_string() ? value.get<std::string>()
                            : value.is_null() ? "none"
                                              : value.dump());
  }
  print_pairs(std::cout, lines);
  return 0;
}

}  // namespace

void add_ceremony_show(CLI::App& parent, Session& session) {
  const auto file = std::make_shared<std::string>();
  auto* verb = parent.add_subcommand(
      "show", "what a script says, as it was understood, with all that it leaves out; json: a script again");
  verb->add_option("--script", *file, "the ceremony (YAML); the custodians' keys may be missing")->required();
  verb->callback([&session, file] {
    session.undone = "nothing was shown";
    session.action = [&session, file] { return show(*file, session.format); };
  });
}

}  // namespace cli
