#include "config/principals.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ca/base/error.hpp"
#include "config/document.hpp"
#include "config/secret_file.hpp"

namespace config {
namespace {

using Presence = Mapping::Presence;
constexpr std::size_t kMaxAccessKeys = 2;
constexpr std::uintmax_t kMaxPolicyBytes = 128 * 1024;
// AWS's bounds of a role's MaxSessionDuration begin at an hour; a quarter of one is the least that can be
// asked.
constexpr std::chrono::milliseconds kMinSession = std::chrono::minutes{15};
constexpr std::chrono::milliseconds kMaxSession = std::chrono::hours{12};
constexpr std::chrono::milliseconds kDefaultSession = std::chrono::hours{1};

bool is_account(const std::string& text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string::npos;
}

bool is_principal_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string::npos;
}

bool is_access_key_id(const std::string& text) {
  return text.size() >= 16 && text.size() <= 128 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string::npos;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 64 hex digits; colons between them as `openssl x509 -fingerprint` prints are accepted.
std::optional<std::array<std::uint8_t, 32>> fingerprint(const std::string& text) {
  std::vector<int> digits;
  for (const char c : text) {
    if (c == ':') {
      continue;
    }
    digits.push_back(hex_digit(c));
  }
  if (digits.size() != 64 || std::find(digits.begin(), digits.end(), -1) != digits.end()) {
    return std::nullopt;
  }
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(digits[2 * i] * 16 + digits[2 * i + 1]);
  }
  return bytes;
}

using ParsePolicy = ca::PolicyDocument (*)(const std::string& name, std::string_view json);

std::optional<ca::PolicyDocument> read_policy(Mapping& map, std::string_view key,
                                              const std::filesystem::path& file, ParsePolicy parse) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) {
    map.problem(key, file.string() + ": " + error.message());
    return std::nullopt;
  }
  if (bytes > kMaxPolicyBytes) {
    map.problem(key, file.string() + " is larger than 128 KiB");
    return std::nullopt;
  }
  std::ifstream stream{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  try {
    return parse(file.filename().string(), text);
  } catch (const ca::Error& wrong) {
    map.problem(key, file.string() + ": " + wrong.what());
    return std::nullopt;
  }
}

// Policies are parsed once even when several principals name the same file.
class PolicyFiles {
 public:
  void read(Mapping& map, const std::string& name, std::vector<ca::PolicyDocument>& into) {
    const auto file = map.absolute(name);
    auto known = parsed_.find(file);
    if (known == parsed_.end()) {
      known = parsed_.emplace(file, read_policy(map, "policies", file, ca::PolicyDocument::parse)).first;
    }
    if (known->second) {
      into.push_back(*known->second);
    }
  }

  void read_all(Mapping& map, std::vector<ca::PolicyDocument>& into) {
    std::vector<std::string> names;
    map.texts("policies", names);
    for (const std::string& name : names) {
      read(map, name, into);
    }
  }

 private:
  std::map<std::filesystem::path, std::optional<ca::PolicyDocument>> parsed_;
};

// What must be unique over the whole file.
struct Seen {
  std::set<std::string> names, keys, fingerprints, device_accounts;
};

void read_access_key(Mapping& map, PrincipalOptions& principal, Seen& seen) {
  AccessKeyFile key;
  map.text("id", key.id, Presence::required);
  if (!key.id.empty() && !is_access_key_id(key.id)) {
    map.problem("id", "expected 16 to 128 letters, digits and _");
  } else if (!key.id.empty() && !seen.keys.insert(key.id).second) {
    map.problem("id", "this access key id is used twice");
  }
  map.path("secret_file", key.secret, Presence::required);
  if (!key.secret.empty()) {
    if (const std::string fault = secret_file_fault(key.secret); !fault.empty()) {
      map.problem("secret_file", fault);
    }
  }
  principal.access_keys.push_back(std::move(key));
}

void read_certificates(Mapping& map, PrincipalOptions& principal, Seen& seen) {
  std::vector<std::string> texts;
  map.texts("certificates", texts);
  for (const std::string& text : texts) {
    const auto bytes = fingerprint(text);
    if (!bytes) {
      map.problem("certificates",
                  "'" + text.substr(0, 40) + "' is not a SHA-256 fingerprint (64 hex digits)");
    } else if (!seen.fingerprints.insert(std::string{bytes->begin(), bytes->end()}).second) {
      map.problem("certificates", "'" + text.substr(0, 40) + "' stands for two principals");
    } else {
      principal.certificates.push_back(*bytes);
    }
  }
}

void read_identity(Mapping& map, ca::Principal& principal, const PrincipalsFile& file, Seen& seen) {
  map.text("name", principal.name, Presence::required);
  if (!principal.name.empty() && !is_principal_name(principal.name)) {
    map.problem("name", "expected at most 64 letters, digits and - _ .");
  }
  map.text("account", principal.account, Presence::required);
  const auto& accounts = file.accounts;
  if (!principal.account.empty() &&
      std::find(accounts.begin(), accounts.end(), principal.account) == accounts.end()) {
    map.problem("account", "'" + principal.account.substr(0, 40) + "' is not listed under accounts");
  }
  if (!principal.name.empty() && !seen.names.insert(principal.account + "/" + principal.name).second) {
    map.problem("name", "another principal or role of this account has this name");
  }
}

void read_principal(Mapping& map, const std::string& partition, PrincipalsFile& file, Seen& seen,
                    PolicyFiles& policies) {
  PrincipalOptions entry;
  read_identity(map, entry.principal, file, seen);
  entry.principal.arn =
      "arn:" + partition + ":iam::" + entry.principal.account + ":user/" + entry.principal.name;
  map.children("access_keys", [&](Mapping& key) { read_access_key(key, entry, seen); });
  if (entry.access_keys.size() > kMaxAccessKeys) {
    map.problem("access_keys", "at most two access keys may be live: the old and the new one");
  }
  read_certificates(map, entry, seen);
  map.boolean("device_principal", entry.device_principal);
  if (entry.device_principal && !seen.device_accounts.insert("").second) {
    map.problem("device_principal", "another principal already stands for devices");
  }
  policies.read_all(map, entry.principal.policies);
  if (entry.access_keys.empty() && entry.certificates.empty() && !entry.device_principal) {
    map.problem("", "has no way to prove its identity: give access_keys, certificates or device_principal");
  }
  file.principals.push_back(std::move(entry));
}

void read_role(Mapping& map, const std::string& partition, PrincipalsFile& file, Seen& seen,
               PolicyFiles& policies) {
  ca::Principal principal;
  read_identity(map, principal, file, seen);
  principal.arn = "arn:" + partition + ":iam::" + principal.account + ":role/" + principal.name;
  policies.read_all(map, principal.policies);
  std::chrono::milliseconds max_session = kDefaultSession;
  map.duration("max_session", max_session, {kMinSession, kMaxSession});
  std::filesystem::path file_of_trust;
  map.path("trust", file_of_trust, Presence::required);
  if (file_of_trust.empty()) {
    return;
  }
  if (auto trust = read_policy(map, "trust", file_of_trust, ca::PolicyDocument::parse_trust)) {
    file.roles.push_back({std::move(principal), *std::move(trust),
                          std::chrono::duration_cast<std::chrono::seconds>(max_session)});
  }
}

void read_account(Mapping& map, PrincipalsFile& file) {
  std::string id;
  std::string description;
  map.text("id", id, Presence::required);
  map.text("description", description);
  if (!id.empty() && !is_account(id)) {
    map.problem("id", "expected 12 digits in quotes, such as \"123456789012\"");
  } else if (std::find(file.accounts.begin(), file.accounts.end(), id) != file.accounts.end()) {
    map.problem("id", "this account is listed twice");
  }
  file.accounts.push_back(std::move(id));
}

}  // namespace

std::vector<ca::Principal> PrincipalsFile::policy_principals() const {
  std::vector<ca::Principal> all;
  all.reserve(principals.size() + roles.size());
  for (const PrincipalOptions& entry : principals) {
    all.push_back(entry.principal);
  }
  for (const RoleOptions& role : roles) {
    all.push_back(role.principal);
  }
  return all;
}

PrincipalsFile load_principals(const std::filesystem::path& path, const std::string& partition) {
  PrincipalsFile file;
  Problems problems{path};
  Seen seen;
  PolicyFiles policies;
  Mapping top{problems, read_document(path), ""};
  top.children(
      "accounts", [&](Mapping& map) { read_account(map, file); }, Presence::required);
  top.children(
      "principals", [&](Mapping& map) { read_principal(map, partition, file, seen, policies); },
      Presence::required);
  std::optional<std::filesystem::path> session_key;
  top.path("session_key_file", session_key);
  if (session_key) {
    if (const std::string fault = secret_file_fault(*session_key); !fault.empty()) {
      top.problem("session_key_file", fault);
    }
    file.session_key = std::move(session_key);
  }
  top.children("roles", [&](Mapping& map) { read_role(map, partition, file, seen, policies); });
  top.finish();
  problems.raise();
  return file;
}

}  // namespace config
