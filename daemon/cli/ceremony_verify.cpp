#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "config/ceremony.hpp"
#include "daemon/ceremony/share.hpp"
#include "daemon/ceremony/transcript.hpp"
#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/ssh_signature.hpp"
#include "daemon/cli/verbs.hpp"
#include "pkcs11/public_key.hpp"

namespace cli {
namespace {

constexpr int kNo = 3;
constexpr const char* kTranscript = "transcript.jsonl";
// What "write NAME" notes about files beside the transcript.
constexpr std::string_view kWrite = "write ";
// The check whose fault says nothing against the transcript.
constexpr const char* kOtherFiles = "other files";

struct Arguments {
  std::string script, folder, root;
};

struct Check {
  std::string what;
  bool ok = false;
  std::string detail;
};

pkcs11::ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool is_rehearsal(const ceremony::Record& record) { return record.fact("rehearsal") == "yes"; }

auto times_stopped(const ceremony::Record& record) {
  return std::ranges::count(record.entries, kStopped, &ceremony::Entry::command);
}

// "root of example-root-g1, 2026-11-26T14:05:00Z to 2026-11-26T14:06:10Z, stopped 2 times"
std::string described(const ceremony::Record& record) {
  const auto stopped = times_stopped(record);
  return record.entries.front().step + " of " + record.fact("ceremony").value_or("") + ", " + record.begun +
         " to " + record.ended +
         (stopped == 0 ? "" : ", stopped " + std::to_string(stopped) + (stopped == 1 ? " time" : " times"));
}

// What openssl pkeyutl -sign -rawin makes: SHA-256 whatever the curve.
pkcs11::SignatureScheme countersigning_scheme(pkcs11::ByteView spki) {
  switch (ca::PublicKey::parse(spki).family()) {
    case ca::KeyFamily::rsa:
      return pkcs11::SignatureScheme::rsa_pkcs1_sha256;
    case ca::KeyFamily::ec:
      return pkcs11::SignatureScheme::ecdsa_sha256;
    case ca::KeyFamily::ed25519:
      break;
  }
  return pkcs11::SignatureScheme::eddsa;
}

class Audit {
 public:
  explicit Audit(const Arguments& arguments)
      : folder_{arguments.folder},
        script_file_{arguments.script},
        root_{arguments.root.empty() ? folder_ / "root.pem" : std::filesystem::path{arguments.root}},
        script_{ceremony_script({.script = arguments.script})},
        transcript_{read_text(folder_ / kTranscript, ceremony::kMaxTranscriptBytes)} {}

  std::vector<Check> run() {
    step("transcript", [&] { return chain(); });
    if (record_) {
      step("step", [&] { return one_step(); });
      step("root's signature", [&] { return root_signature(); });
      step("script", [&] { return script(); });
      step("PIN", [&] { return pin(); });
      step("files", [&] { return files(); });
      step(kOtherFiles, [&] { return other_files(); });
      for (const auto& person : script_.custodians) {
        custodian(person);
      }
      for (const auto& person : script_.witnesses) {
        if (person.key && std::filesystem::exists(signature_of(person))) {
          custodian(person);
        }
      }
      step("custodians", [&] { return enough(); });
    }
    return std::move(checks_);
  }

  // nullopt: no transcript could be read.
  [[nodiscard]] const std::optional<ceremony::Record>& record() const { return record_; }

 private:
  // A throw is a check that failed.
  template <typename Step>
  bool step(const std::string& what, Step found) {
    try {
      checks_.push_back({what, true, found()});
      return true;
    } catch (const std::exception& wrong) {
      checks_.push_back({what, false, in_one_line(wrong.what())});
      return false;
    }
  }
  // A cell of a table has no lines.
  static std::string in_one_line(std::string text) {
    for (auto at = text.find("\n  "); at != std::string::npos; at = text.find("\n  ")) {
      text.replace(at, text.find_first_not_of(" \n", at) - at, "; ");
    }
    return text;
  }
  [[noreturn]] static void wrong(const std::string& what) { throw std::runtime_error{what}; }

  std::string chain() {
    const auto record = ceremony::read_transcript(transcript_);
    if (!record.closed) {
      wrong("it was never closed: this step did not come to its end");
    }
    record_ = record;
    return std::to_string(record.entries.size()) + " lines, each with the hash of the one before; SHA-256 " +
           ceremony::in_groups(file_sha256(folder_ / kTranscript));
  }

  std::string one_step() const {
    const auto& entries = record_->entries;
    if (std::ranges::any_of(entries, [&](const auto& entry) { return entry.step != entries.front().step; })) {
      wrong("its lines are of several steps");
    }
    return described(*record_);
  }

  std::string root_signature() {
    const auto root = read_certificate(read_text(root_));
    const auto spki = root.public_key.spki_der();
    const std::string signature = read_text(folder_ / "transcript.jsonl.root.sig");
    if (!pkcs11::verifies(spki, natural_scheme_of(spki), view(transcript_), view(signature))) {
      wrong("the transcript is not signed by the key of " + root_.string());
    }
    if (record_->artefact("root.pem") != file_sha256(root_)) {
      wrong("the root in the transcript is another than " + root_.string());
    }
    return root.subject.text() + ", SHA-256 of " + root_.filename().string() + " " +
           ceremony::in_groups(file_sha256(root_));
  }

  std::string script() {
    std::set<std::string> scripts;
    for (const auto& entry : record_->entries) {
      if (const auto found = entry.artefacts.find("script"); found != entry.artefacts.end()) {
        scripts.insert(found->second);
      }
    }
    if (scripts.size() > 1) {
      wrong("it was begun with one script and gone on with another: " + std::to_string(scripts.size()) +
            " in all");
    }
    if (record_->artefact("script") != file_sha256(script_file_)) {
      wrong(script_file_.string() + " is another script than the ceremony's");
    }
    return record_->fact("ceremony").value_or("") + (is_rehearsal(*record_) ? ", a REHEARSAL" : "") +
           (record_->fact("network").value_or("").find("NOT OFFLINE") != std::string::npos ? ", NOT OFFLINE"
                                                                                           : "") +
           ", present: " + record_->fact("present").value_or("");
  }

  std::string pin() const { return record_->fact(kPinFact).value_or(pin_fact(script_)); }

  // The names of the files that the step wrote.
  [[nodiscard]] std::set<std::string> written() const {
    std::set<std::string> names;
    for (const auto& entry : record_->entries) {
      if (entry.command.starts_with(kWrite)) {
        for (const auto& [name, digest] : entry.artefacts) {
          names.insert(name);
        }
      }
    }
    return names;
  }

  std::string files() {
    const auto names = written();
    std::string faults;
    for (const auto& name : names) {
      const bool here =
          name.find('/') == std::string::npos && std::filesystem::is_regular_file(folder_ / name);
      if (!here || file_sha256(folder_ / name) != record_->artefact(name)) {
        faults += (faults.empty() ? "" : "; ") + name +
                  (here ? " is not the file that the ceremony wrote" : " is missing: the ceremony wrote it");
      }
    }
    if (!faults.empty()) {
      wrong(faults);
    }
    return std::to_string(names.size()) + " files are as they were written";
  }

  // Nothing lies beside the transcript that it and the script's roles do not account for: whoever takes a
  // file out of this folder takes it for the ceremony's.
  std::string other_files() {
    std::set<std::string> known = written();
    known.insert({kTranscript, std::string{kTranscript} + ".root.sig"});
    for (const auto* people : {&script_.custodians, &script_.witnesses}) {
      for (const auto& person : *people) {
        if (person.key) {
          known.insert(signature_of(person).filename().string());
        }
      }
    }
    std::set<std::string> foreign;
    for (const auto& entry : std::filesystem::directory_iterator{folder_}) {
      if (const std::string name = entry.path().filename().string(); !known.contains(name)) {
        foreign.insert(name);
      }
    }
    std::string names;
    for (const auto& name : foreign) {
      names += (names.empty() ? "" : ", ") + name;
    }
    if (!names.empty()) {
      wrong("not of this ceremony, no line of the transcript knows it: " + names);
    }
    return "none";
  }

  [[nodiscard]] std::filesystem::path signature_of(const config::CeremonyPerson& person) const {
    return folder_ / (std::string{kTranscript} + "." + person.role + ".sig");
  }

  // A missing signature is no fault while enough are there; one that does not verify is.
  void custodian(const config::CeremonyPerson& person) {
    if (!std::filesystem::exists(signature_of(person))) {
      missing_ += (missing_.empty() ? "" : ", ") + person.role;
      return;
    }
    signed_ += step("signature of " + person.role, [&] { return signature(person); }) ? 1 : 0;
  }

  std::string signature(const config::CeremonyPerson& person) {
    if (record_->artefact("key of " + person.role) != file_sha256(*person.key)) {
      wrong(person.key->string() + " is another key than the ceremony's");
    }
    if (std::ranges::find(record_->present, person.role) == record_->present.end()) {
      wrong("was not present");
    }
    const std::string key = read_text(*person.key);
    if (!key.starts_with("-----BEGIN")) {
      const std::string complaint = ssh_complaint(folder_ / kTranscript, signature_of(person), key);
      return complaint.empty() ? "SSH" : (wrong(complaint), "");
    }
    const auto blocks = ca::parse_pem(key, 1);
    const auto spki = blocks.front().label == "CERTIFICATE"
                          ? ca::Certificate::parse(blocks.front().der).public_key.spki_der()
                          : blocks.front().der;
    if (!pkcs11::verifies(spki, countersigning_scheme(spki), view(transcript_),
                          view(read_text(signature_of(person))))) {
      wrong("does not verify");
    }
    return "X.509";
  }

  std::string enough() {
    if (signed_ < script_.threshold) {
      wrong(std::to_string(signed_) + " signed, " + std::to_string(script_.threshold) +
            " are needed; no good signature of " + missing_);
    }
    return std::to_string(signed_) + " signed" + (missing_.empty() ? "" : "; no signature of " + missing_);
  }

  std::filesystem::path folder_, script_file_, root_;
  config::CeremonyScript script_;
  std::string transcript_;
  std::optional<ceremony::Record> record_;
  std::vector<Check> checks_;
  std::size_t signed_ = 0;
  std::string missing_;
};

// What to think of it, in one line; the last that is read.
std::string conclusion(const std::vector<Check>& checks, const std::optional<ceremony::Record>& record) {
  const bool others_only =
      std::ranges::all_of(checks, [](const Check& check) { return check.ok || check.what == kOtherFiles; });
  if (!others_only || !record) {
    return "DO NOT TRUST this transcript";
  }
  const bool good = std::ranges::all_of(checks, &Check::ok);
  return (is_rehearsal(*record) ? "this is the transcript of a REHEARSAL, of no ceremony"
                                : "this is the ceremony's transcript") +
         std::string{good ? ""
                          : ", and DO NOT TRUST the other files beside it: find out who put them there, keep "
                            "them elsewhere, verify again"} +
         ": " + described(*record);
}

nlohmann::json answer_of(const std::vector<Check>& checks, bool good,
                         const std::optional<ceremony::Record>& record) {
  auto list = nlohmann::json::array();
  for (const auto& check : checks) {
    list.push_back({{"check", check.what}, {"ok", check.ok}, {"detail", check.detail}});
  }
  nlohmann::json answer{{"ok", good}, {"checks", list}};
  if (record) {
    answer.update({{"rehearsal", is_rehearsal(*record)},
                   {"ceremony", record->fact("ceremony").value_or("")},
                   {"step", record->entries.front().step},
                   {"begun", record->begun},
                   {"ended", record->ended},
                   {"stopped", times_stopped(*record)}});
  }
  return answer;
}

int verify(const Arguments& arguments, Format format) {
  Audit audit{arguments};
  const auto checks = audit.run();
  const bool good = std::ranges::all_of(checks, &Check::ok);
  if (format == Format::json) {
    print_json(std::cout, answer_of(checks, good, audit.record()));
    return good ? 0 : kNo;
  }
  Table table{{"", "CHECK", "FOUND"}};
  for (const auto& check : checks) {
    table.row({check.ok ? "ok" : "WRONG", check.what, check.detail});
  }
  table.print(std::cout);
  std::cout << conclusion(checks, audit.record()) << '\n';
  return good ? 0 : kNo;
}

}  // namespace

void add_ceremony_verify(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand(
      "verify",
      "whether a transcript is whole, signed by the root and the custodians, and its files are; 3: no");
  verb->add_option("--script", arguments->script, "the ceremony's script, with the custodians' keys")
      ->required();
  verb->add_option("--folder", arguments->folder, "the step's folder, with transcript.jsonl")->required();
  verb->add_option("--root", arguments->root,
                   "the root's certificate, from where you trust it; default: the folder's");
  verb->callback([&session, arguments] {
    session.undone = "nothing was verified";
    session.action = [&session, arguments] { return verify(*arguments, session.format); };
  });
}

}  // namespace cli
