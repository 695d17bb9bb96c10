#include "config/ceremony.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "ca/base/error.hpp"
#include "ca/x509/algorithm.hpp"
#include "ca/x509/name.hpp"
#include "ca/x509/name_syntax.hpp"
#include "config/ceremony_keys.hpp"
#include "config/document.hpp"

namespace config {
namespace {

using Presence = Mapping::Presence;
constexpr std::size_t kMaxPeople = 16;
constexpr std::size_t kMaxDays = 36500;
constexpr std::size_t kMaxPathLength = 3;  // as far as the templates go
constexpr std::array<std::string_view, 7> kReasons{
    "KEY_COMPROMISE", "CERTIFICATE_AUTHORITY_COMPROMISE", "AFFILIATION_CHANGED",
    "SUPERSEDED",     "CESSATION_OF_OPERATION",           "PRIVILEGE_WITHDRAWN",
    "UNSPECIFIED"};

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos &&
         text.front() != '.';
}

void read_name(Mapping& map, std::string_view key, std::string& target) {
  map.text(key, target, Presence::required);
  if (map.has(key) && !is_name(target)) {
    map.problem(key, "expected at most 64 of a-z 0-9 - _ .");
  }
}

// A number of days; the unit stands in the key's documentation as in "5475d".
void read_days(Mapping& map, std::string_view key, int& target) {
  std::string text;
  map.text(key, text, Presence::required);
  if (!map.has(key) || text.empty()) {
    return;
  }
  std::size_t days = 0;
  const bool digits = text.size() <= 6 && text.back() == 'd' && text.size() >= 2 &&
                      text.find_first_not_of("0123456789") == text.size() - 1;
  if (digits) {
    days = static_cast<std::size_t>(std::stoul(text));
  }
  if (days == 0 || days > kMaxDays) {
    map.problem(key, "expected whole days, such as 1825d, at most 36500d");
    return;
  }
  target = static_cast<int>(days);
}

void read_names(Mapping& map, CeremonyNames& names) {
  map.texts("dns", names.dns);
  map.texts("email", names.email);
  map.texts("ip", names.ip);
}

void read_constraints(Mapping& map, CeremonyConstraints& constraints) {
  map.child("name_constraints", [&](Mapping& child) {
    child.child("permitted", [&](Mapping& names) { read_names(names, constraints.permitted); });
    child.child("excluded", [&](Mapping& names) { read_names(names, constraints.excluded); });
    if (constraints.empty()) {
      child.problem("", "names nothing: leave it out where nothing is constrained");
    }
  });
}

void read_token(Mapping& map, CeremonyToken& token) {
  map.path("module", token.module, Presence::required);
  map.text("label", token.label, Presence::required);
  if (token.label.size() > 32) {
    map.problem("label", "a token's label has at most 32 characters");
  }
  map.text("model", token.model);
  map.text("manufacturer", token.manufacturer);
  map.text("serial", token.serial);
  std::string pin = "shares";
  map.text("pin", pin);
  if (pin != "shares" && pin != "own") {
    map.problem("pin",
                "expected shares (the machine makes it, custodians share it) or own (the HSM's quorum)");
  }
  token.shared_pin = pin == "shares";
  map.texts("interfaces", token.interfaces);
  if (token.shared_pin && !token.interfaces.empty()) {
    map.problem("interfaces", "only an HSM with a quorum of its own (pin: own) is reached through a network");
  }
}

// Whose each is; nobody's is looked at where they are left alone.
struct SignerKeys {
  KeyFiles files;
  std::map<std::string, std::string> owners;
};

// One person with one key in two roles would be a quorum alone.
void read_key(Mapping& map, const CeremonyPerson& person, SignerKeys& keys) {
  if (keys.files == KeyFiles::left_alone) {
    return;
  }
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(*person.key, ignored)) {
    map.problem("key", "no such file: " + person.key->string());
    return;
  }
  try {
    const auto [owner, is_new] = keys.owners.emplace(read_signer_key(*person.key), person.role);
    if (!is_new) {
      map.problem("key", person.key->string() + " is the key of " + owner->second +
                             " as well: each role has its own");
    }
  } catch (const ca::Error& wrong) {
    map.problem("key", person.key->string() + ": " + wrong.what());
  }
}

void read_people(Mapping& map, std::string_view key, Presence presence, bool needs_key,
                 std::vector<CeremonyPerson>& people, std::set<std::string>& roles, SignerKeys& keys) {
  map.children(
      key,
      [&](Mapping& child) {
        CeremonyPerson person;
        read_name(child, "role", person.role);
        std::filesystem::path file;
        child.path("key", file, needs_key ? Presence::required : Presence::optional);
        if (!file.empty()) {
          person.key = file;
          read_key(child, person, keys);
        }
        if (!person.role.empty() && !roles.insert(person.role).second) {
          child.problem("role", "'" + person.role + "' is there already");
        }
        people.push_back(std::move(person));
      },
      presence);
  if (people.size() > kMaxPeople) {
    map.problem(key, "more than " + std::to_string(kMaxPeople));
  }
}

// RFC 5280, 4.2.1.13 and 4.2.2.1: by plain HTTP, or whoever checks a TLS certificate would need another one.
void read_published(Mapping& map, std::string_view key, std::string& target) {
  map.text(key, target);
  if (!map.has(key)) {
    return;
  }
  if (!target.starts_with("http://") || target.ends_with('/')) {
    map.problem(key, "expected the address of a file, such as http://pki.example.com/root-g1.crl");
  } else if (const auto complaint = ca::uri_complaint(target)) {
    map.problem(key, *complaint);
  }
}

// One that is refused is longer than any other, so that what it is compared with is not refused as well.
void read_path_length(Mapping& map, std::size_t& target) {
  std::size_t length = map.has("path_length") ? kMaxPathLength + 1 : target;
  map.number("path_length", length, {0, kMaxPathLength});
  target = length;
}

void read_root(Mapping& map, CeremonyRoot& root) {
  map.text("subject", root.subject, Presence::required);
  if (map.has("subject") && !root.subject.empty()) {
    try {
      (void)ca::encode_subject(ca::parse_subject_text(root.subject));
    } catch (const ca::Error& wrong) {
      map.problem("subject", wrong.what());
    }
  }
  map.text("key_algorithm", root.key_algorithm, Presence::required);
  const auto key = ca::key_algorithm_from_api(root.key_algorithm);
  if (!root.key_algorithm.empty() && !key) {
    map.problem("key_algorithm", "expected EC_prime256v1, EC_secp384r1, EC_secp521r1, RSA_3072 or RSA_4096");
  }
  map.text("signing_algorithm", root.signing_algorithm, Presence::required);
  const auto signing = ca::signing_algorithm_from_api(root.signing_algorithm);
  if (!root.signing_algorithm.empty() && !signing) {
    map.problem("signing_algorithm", "expected such as SHA384WITHECDSA");
  }
  if (key && signing && ca::family_of(*key) != ca::family_of(*signing)) {
    map.problem("signing_algorithm", "does not fit " + root.key_algorithm);
  }
  read_days(map, "validity", root.validity_days);
  read_path_length(map, root.path_length);
  read_constraints(map, root.names);
  read_published(map, "crl_distribution_point", root.crl_distribution_point);
  read_published(map, "ca_issuers", root.ca_issuers);
}

void read_certificate(Mapping& map, const CeremonyRoot& root, bool cross, CeremonyCertificate& wanted) {
  map.path("csr", wanted.csr, Presence::required);
  map.text("csr_sha256", wanted.csr_sha256);
  std::erase_if(wanted.csr_sha256, [](char c) { return c == ' ' || c == ':'; });
  if (!wanted.csr_sha256.empty() &&
      (wanted.csr_sha256.size() != 64 ||
       wanted.csr_sha256.find_first_not_of("0123456789abcdef") != std::string::npos)) {
    map.problem("csr_sha256", "expected 64 of 0-9 a-f");
  }
  if (cross) {
    std::filesystem::path other;
    map.path("certificate", other, Presence::required);
    wanted.certificate = other;
  }
  read_days(map, "validity", wanted.validity_days);
  wanted.path_length = root.path_length > 0 ? root.path_length - 1 : 0;
  map.number("path_length", wanted.path_length, {0, kMaxPathLength});
  if (wanted.path_length >= root.path_length) {
    map.problem("path_length", "must be below the root's, which is " + std::to_string(root.path_length));
  }
  if (root.validity_days > 0 && wanted.validity_days > root.validity_days) {
    map.problem("validity", "is longer than the root's");
  }
  read_constraints(map, wanted.names);
}

void read_revocation(Mapping& map, CeremonyRevocation& revocation) {
  std::vector<std::string> files;
  map.texts("certificates", files, Presence::required);
  for (const auto& file : files) {
    revocation.certificates.push_back(map.absolute(file));
  }
  map.text("reason", revocation.reason, Presence::required);
  if (!revocation.reason.empty() && std::ranges::find(kReasons, revocation.reason) == kReasons.end()) {
    map.problem("reason",
                "expected KEY_COMPROMISE, CERTIFICATE_AUTHORITY_COMPROMISE, AFFILIATION_CHANGED, "
                "SUPERSEDED, CESSATION_OF_OPERATION, PRIVILEGE_WITHDRAWN or UNSPECIFIED");
  }
  read_days(map, "next_update", revocation.next_update_days);
}

void read_custodians(Mapping& map, KeyFiles files, CeremonyScript& script) {
  std::set<std::string> roles;
  SignerKeys keys{files, {}};
  read_people(map, "custodians", Presence::required, true, script.custodians, roles, keys);
  read_people(map, "witnesses", Presence::optional, false, script.witnesses, roles, keys);
  map.number("threshold", script.threshold, {2, kMaxPeople}, Presence::required);
  if (map.has("threshold") && script.threshold > script.custodians.size()) {
    map.problem("threshold", "there are only " + std::to_string(script.custodians.size()) + " custodians");
  }
}

void read_script(Mapping& map, KeyFiles files, CeremonyScript& script) {
  read_name(map, "name", script.name);
  map.path("state", script.state, Presence::required);
  map.path("output", script.output, Presence::required);
  map.child(
      "token", [&](Mapping& child) { read_token(child, script.token); }, Presence::required);
  map.path("shares", script.shares, script.token.shared_pin ? Presence::required : Presence::optional);
  read_custodians(map, files, script);
  map.child(
      "root", [&](Mapping& child) { read_root(child, script.root); }, Presence::required);
  map.child("sign_subordinate", [&](Mapping& child) {
    read_certificate(child, script.root, false, script.sign_subordinate.emplace());
  });
  map.child("cross_sign",
            [&](Mapping& child) { read_certificate(child, script.root, true, script.cross_sign.emplace()); });
  map.child("revoke_subordinate",
            [&](Mapping& child) { read_revocation(child, script.revoke_subordinate.emplace()); });
}

}  // namespace

CeremonyScript load_ceremony(const std::filesystem::path& file, KeyFiles keys) {
  const YAML::Node document = read_document(file);
  Problems problems{file};
  Mapping map{problems, document, ""};
  CeremonyScript script;
  read_script(map, keys, script);
  map.finish();
  problems.raise();
  return script;
}

}  // namespace config
