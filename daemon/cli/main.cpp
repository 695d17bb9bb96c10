#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "daemon/cli/explained.hpp"
#include "daemon/cli/verbs.hpp"

namespace {

constexpr cli::Advice kAdvice{
    .wrong_file = "give the file as it was made, in PEM; fetch it again where it came from",
    .wrong_wish = "correct that argument; --help says what it may be",
    .may_pass =
        "run chancery doctor with the same token; then repeat the command: what was begun is finished first",
    .other = "find out why before the command is repeated"};

int run(const cli::Session& session) {
  try {
    return session.action();
  } catch (const cli::Usage& wrong) {
    std::cerr << "chancery: " << wrong.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "chancery: " << cli::explained(error, {"", session.undone, kAdvice}).what() << '\n';
    return 1;
  }
}

}  // namespace

// Exit codes: 0 done, 1 failed, 2 usage, 3 the answer to a question (hsm verify, hsm prove, backup verify) is
// no, or of a restore that revocations are lost.
int main(int argc, char* argv[]) {
  CLI::App app{"chancery: keys, ceremonies and checks for the Chancery certificate authority"};
  app.footer("--output json works with every verb.");
  app.require_subcommand(1);
  app.fallthrough();
  cli::Session session;
  app.add_option("--output", session.format, "table (default) or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, cli::Format>{{"table", cli::Format::table}, {"json", cli::Format::json}}));
  auto& hsm = *app.add_subcommand("hsm", "tokens and keys")->require_subcommand(1);
  cli::add_hsm_list_slots(hsm, session);
  cli::add_hsm_generate_key(hsm, session);
  cli::add_hsm_sign(hsm, session);
  cli::add_hsm_verify(hsm, session);
  cli::add_hsm_show(hsm, session);
  cli::add_hsm_prove(hsm, session);
  cli::add_hsm_bench(hsm, session);
  cli::add_hsm_key_ceremony(hsm, session);
  auto& ceremony =
      *app.add_subcommand("ceremony", "the papers of a key ceremony: scripts, transcripts and shares")
           ->require_subcommand(1);
  cli::add_ceremony_folder(ceremony, session);
  cli::add_ceremony_show(ceremony, session);
  cli::add_ceremony_verify(ceremony, session);
  cli::add_ceremony_check_share(ceremony, session);
  auto& ca = *app.add_subcommand("ca", "an offline authority: no daemon, no network")->require_subcommand(1);
  cli::add_ca_init_root(ca, session);
  cli::add_ca_sign(ca, session);
  auto& authority = *app.add_subcommand("authority", "the keys of an authority, over the daemon's API")
                         ->require_subcommand(1);
  cli::add_authority_keys(authority, session);
  auto& cert = *app.add_subcommand("cert", "certificates, over the daemon's API")->require_subcommand(1);
  cli::add_cert_list(cert, session);
  cli::add_cert_revoke(cert, session);
  auto& config = *app.add_subcommand("config", "the daemon's configuration")->require_subcommand(1);
  cli::add_config_check(config, session);
  auto& policy = *app.add_subcommand("policy", "who may do what")->require_subcommand(1);
  cli::add_policy_test(policy, session);
  cli::add_backup(app, session);
  cli::add_restore(app, session);
  cli::add_doctor(app, session);
  cli::add_version(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  }
  return run(session);
}
