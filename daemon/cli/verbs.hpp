#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "daemon/cli/output.hpp"

namespace cli {

// What the command line asked for: set by the verb that was named, run by main. The result is the exit code.
struct Session {
  Format format = Format::table;
  std::function<int()> action;
  std::string undone;  // what a failure leaves undone, where it does not say so itself
};

// Each adds one verb below `parent`; one file each.
void add_hsm_list_slots(CLI::App& parent, Session& session);
void add_hsm_generate_key(CLI::App& parent, Session& session);
void add_hsm_sign(CLI::App& parent, Session& session);
void add_hsm_verify(CLI::App& parent, Session& session);
void add_hsm_show(CLI::App& parent, Session& session);
void add_hsm_prove(CLI::App& parent, Session& session);
void add_hsm_bench(CLI::App& parent, Session& session);
void add_hsm_key_ceremony(CLI::App& parent, Session& session);
void add_ceremony_folder(CLI::App& parent, Session& session);
void add_ceremony_show(CLI::App& parent, Session& session);
void add_ceremony_verify(CLI::App& parent, Session& session);
void add_ceremony_check_share(CLI::App& parent, Session& session);
void add_backup(CLI::App& parent, Session& session);
void add_restore(CLI::App& parent, Session& session);
void add_ca_init_root(CLI::App& parent, Session& session);
void add_ca_sign(CLI::App& parent, Session& session);
void add_authority_keys(CLI::App& parent, Session& session);  // four verbs of one kind
void add_cert_list(CLI::App& parent, Session& session);
void add_cert_revoke(CLI::App& parent, Session& session);
void add_config_check(CLI::App& parent, Session& session);
void add_doctor(CLI::App& parent, Session& session);
void add_policy_test(CLI::App& parent, Session& session);
void add_version(CLI::App& parent, Session& session);

}  // namespace cli
