#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sys/prctl.h>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/crl.hpp"
#include "daemon/cli/ceremony_certificates.hpp"
#include "daemon/cli/ceremony_failure.hpp"
#include "daemon/cli/ceremony_pins.hpp"
#include "daemon/cli/ceremony_renewal.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/output_file.hpp"
#include "daemon/cli/verbs.hpp"
#include "pkcs11/proof.hpp"
#include "pkcs11/public_key.hpp"

namespace cli {
namespace {

constexpr std::chrono::seconds kSignLimit{60};
constexpr const char* kRootFile = "root.pem";

void need_section(const CeremonyRoom& room, bool there, const char* section) {
  if (!there) {
    throw Failure{"the script has no section " + std::string{section}, room.arguments().script,
                  "write it into the script", "nothing was signed"};
  }
}

// Not taken for a new one: without its ledger a root knows neither what it signed nor what it revoked.
void need_state(const config::CeremonyScript& script) {
  if (!std::filesystem::exists(script.state / "ledger.db")) {
    throw Failure{"the root's state folder is not there, or empty", script.state.string(),
                  "bring the folder that lies in the vault with the token, or its backup; only the step root "
                  "begins one",
                  "nothing was signed"};
  }
}

void make_ceremony_root(CeremonyRoom& room, OfflineAuthority& offline) {
  const auto plan = root_plan(room.script().root);
  const auto root = make_root(offline, plan, room.script().state.string());
  const auto certificate = read_certificate(root.certificate_pem);
  const auto& wanted = room.script().root;
  check_certificate(certificate, certificate.public_key,
                    {plan.subject.der(), {}, wanted.validity_days, wanted.path_length, wanted.names, {}, {}});
  room.note(root.was_there ? "find the root" : "make the key and sign the root", certificate.subject.text(),
            {{"key", root.record.key_uri},
             {"key algorithm", wanted.key_algorithm},
             {"signed with", std::string{ca::api_name(certificate.signing_algorithm)}},
             {"valid until", ca::rfc3339(certificate.validity.not_after)},
             {"path length", std::to_string(wanted.path_length)}});
  room.publish(kRootFile, root.certificate_pem + "\n");
  room.publish("root.cer", std::string{certificate.der.begin(), certificate.der.end()});
  room.publish("root.csr", offline.service().csr(offline.operator_caller(), root.record.arn) + "\n");
}

void make_root_crl(CeremonyRoom& room, OfflineAuthority& offline) {
  const auto& wanted = *room.script().revoke_subordinate;
  const auto reason = ca::revocation_reason_from_api(wanted.reason).value();  // the script was checked
  std::vector<ca::Certificate> revoked;
  for (const auto& file : wanted.certificates) {
    const auto& certificate = revoked.emplace_back(read_certificate(read_text(file)));
    room.note("read the certificate to revoke", certificate.subject.text(),
              {{"serial", ca::to_hex(certificate.serial)}, {"reason", wanted.reason}},
              {{file.filename().string(), file_sha256(file)}});
  }
  const auto list = offline.revoke_and_list(revoked, reason, std::chrono::days{wanted.next_update_days});
  const auto read = ca::CertificateList::parse(list);
  room.note(
      "sign the revocation list", std::to_string(read.entry_count) + " certificates are revoked",
      {{"number", std::to_string(read.number.value_or(0))}, {"next update", ca::rfc3339(read.next_update)}});
  room.publish("root.crl", std::string{reinterpret_cast<const char*>(list.data()), list.size()});
}

// What the step makes with the root's key; the token is closed again at return.
std::string run_step(CeremonyRoom& room, const TokenArguments& token) {
  const auto& script = room.script();
  const bool root = room.arguments().step == "root";
  OfflineAuthority offline{
      script.state, token, root, {script.root.crl_distribution_point, script.root.ca_issuers}};
  if (!root) {
    offline.check_key(active_root(offline, script.state.string()));
  }
  if (root) {
    make_ceremony_root(room, offline);
  } else if (room.arguments().step == "sign-subordinate") {
    const auto made = sign_for_ceremony(room, offline, *script.sign_subordinate);
    room.publish("certificate.pem", made);
    room.publish("chain.pem", active_root(offline, script.state.string()).certificate_pem + "\n");
  } else if (room.arguments().step == "revoke-subordinate") {
    make_root_crl(room, offline);
  } else if (room.arguments().step == "cross-sign") {
    room.publish("cross.pem", sign_for_ceremony(room, offline, *script.cross_sign));
  }
  const auto record = active_root(offline, script.state.string());
  if (!root) {
    room.publish(kRootFile, record.certificate_pem + "\n");
  }
  return record.key_uri;
}

// What the token says about the key, and that it cannot leave, into the transcript.
void prove(CeremonyRoom& room, const pkcs11::TokenOptions& options, const pkcs11::Uri& key) {
  std::map<std::string, std::string> facts;
  for (const auto& step : pkcs11::prove_key(options, key)) {
    if (!step.ok) {
      throw Failure{step.detail, key.text(), step.hint, "the transcript was not closed"};
    }
    facts["key " + step.what] = step.detail;
  }
  room.note("prove that the key cannot leave its token",
            "read, wrap and copy are refused; a signature verifies", facts);
}

// The transcript begins with '{': no DER of anything, so this signature is of no use elsewhere.
void sign_transcript(CeremonyRoom& room, const pkcs11::TokenOptions& options, const pkcs11::Uri& key) {
  room.close();
  const std::string text = read_text(room.transcript_file(), ceremony::kMaxTranscriptBytes);
  const auto spki = read_certificate(read_text(room.folder() / kRootFile)).public_key.spki_der();
  const auto scheme = natural_scheme_of(spki);
  const pkcs11::ByteView message{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  pkcs11::Token token{options};
  await_token(token, "the transcript was not signed");
  const auto deadline = std::chrono::steady_clock::now() + kSignLimit;
  token.audit(key, spki, deadline);
  const auto signature = token.sign(key, scheme, message, deadline);
  if (!pkcs11::verifies(spki, scheme, message, signature)) {
    throw Failure{"the token's signature over the transcript does not verify", key.text(),
                  "do not use this token"};
  }
  OutputFile{room.folder() / "transcript.jsonl.root.sig"}.write(
      {reinterpret_cast<const char*>(signature.data()), signature.size()});
}

void tell_the_rest(const CeremonyRoom& room) {
  room.paper() << "[ ] each custodian who is present now signs the transcript:\n";
  for (const auto& role : room.custodians_present()) {
    room.paper() << "      scripts/ceremony/countersign " << room.folder().string() << " " << role
                 << " PRIVATE-KEY\n";
  }
  room.paper() << "[ ] then: scripts/ceremony/verify " << room.arguments().script << " "
               << room.folder().string() << '\n';
}

// Whether the step is done; false: it goes on when the new shares are with their custodians.
bool hold(CeremonyRoom& room) {
  const auto& step = room.arguments().step;
  if (step == "sign-subordinate") {
    need_section(room, room.script().sign_subordinate.has_value(), "sign_subordinate");
  } else if (step == "revoke-subordinate") {
    need_section(room, room.script().revoke_subordinate.has_value(), "revoke_subordinate");
  } else if (step == "cross-sign") {
    need_section(room, room.script().cross_sign.has_value(), "cross_sign");
  }
  if (step != "root") {
    need_state(room.script());
  }
  const auto token = step == kRenewShares ? renew_shares(room) : open_ceremony_token(room);
  if (!token) {
    return false;
  }
  const auto key = pkcs11::Uri::parse(run_step(room, *token));
  const auto options = token_options("ceremony", *token);
  prove(room, options, key);
  sign_transcript(room, options, key);
  tell_the_rest(room);
  return true;
}

int key_ceremony(const CeremonyArguments& arguments, Format format) {
  // No core file, no debugger: there are PINs in this process.
  ::prctl(PR_SET_DUMPABLE, 0);
  std::optional<CeremonyRoom> opened;
  bool closed = false;
  try {
    closed = hold(opened.emplace(arguments));
  } catch (const std::exception& error) {
    const Failure failure = ceremony_failure(error, arguments.script);
    if (opened) {
      opened->stopped(failure.what());
    }
    throw Failure{failure};
  }
  const CeremonyRoom& room = *opened;
  if (format == Format::json) {
    print_json(std::cout, {{"folder", room.folder().string()}, {"step", arguments.step}, {"closed", closed}});
  }
  return 0;
}

}  // namespace

void add_hsm_key_ceremony(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<CeremonyArguments>();
  auto* verb = parent.add_subcommand("key-ceremony", "one step of a key ceremony: docs/ceremony.md");
  verb->add_option("--script", arguments->script, "the ceremony (YAML)")->required();
  verb->add_option("--step", arguments->step,
                   "root, sign-subordinate, cross-sign, revoke-subordinate, renew-shares")
      ->required()
      ->check(CLI::IsMember({"root", "sign-subordinate", "cross-sign", "revoke-subordinate", kRenewShares}));
  verb->add_option("--clock-confirmed", arguments->clock_confirmed,
                   "the time that the operators read off a watch, UTC: 2026-11-26T14:05Z")
      ->required();
  verb->add_option("--present", arguments->present, "roles of the script, such as custodian-1,witness-1")
      ->delimiter(',')
      ->required();
  verb->add_option("--share", arguments->shares,
                   "a custodian's share file; once for each; renew-shares: old ones, then old and new ones")
      ->delimiter(',');
  verb->add_option("--pin-source", arguments->pin_source, "of an HSM with PINs of its own (token.pin: own)");
  verb->add_flag("--rehearse", arguments->rehearse, "on SoftHSM, in folders and with a subject that say so");
  verb->callback([&session, arguments] {
    session.action = [&session, arguments] {
      arguments->paper_to_stderr = session.format == Format::json;
      return key_ceremony(*arguments, session.format);
    };
  });
}

}  // namespace cli
