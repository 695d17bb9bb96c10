#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/digest.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/pem.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

constexpr std::chrono::seconds kReadLimit{30};

using Flags = std::vector<std::pair<const char*, std::optional<bool>>>;

Flags flags_of(const pkcs11::KeyAttributes& has) {
  return {{"CKA_TOKEN", has.token},
          {"CKA_PRIVATE", has.private_},
          {"CKA_SENSITIVE", has.sensitive},
          {"CKA_ALWAYS_SENSITIVE", has.always_sensitive},
          {"CKA_EXTRACTABLE", has.extractable},
          {"CKA_NEVER_EXTRACTABLE", has.never_extractable},
          {"CKA_LOCAL", has.local},
          {"CKA_SIGN", has.sign},
          {"CKA_SIGN_RECOVER", has.sign_recover},
          {"CKA_DECRYPT", has.decrypt},
          {"CKA_UNWRAP", has.unwrap},
          {"CKA_DERIVE", has.derive},
          {"CKA_MODIFIABLE", has.modifiable},
          {"CKA_COPYABLE", has.copyable},
          {"CKA_ALWAYS_AUTHENTICATE", has.always_authenticate}};
}

void print(const pkcs11::Uri& key, const pkcs11::KeyAttributes& has, const pkcs11::Bytes& spki,
           Format format) {
  const auto weakness = pkcs11::weakness_of(has);
  const std::string digest = ca::to_hex(ca::sha256(spki));
  const std::string pem = ca::to_pem("PUBLIC KEY", spki);
  if (format == Format::json) {
    nlohmann::json attributes;
    for (const auto& [name, value] : flags_of(has)) {
      attributes[name] = value ? nlohmann::json(*value) : nlohmann::json();
    }
    nlohmann::json object = {{"uri", key.text()},
                             {"key_type", has.key_type},
                             {"attributes", attributes},
                             {"public_key_sha256", digest},
                             {"public_key", pem}};
    object["weakness"] = weakness ? nlohmann::json(*weakness) : nlohmann::json();
    print_json(std::cout, object);
    return;
  }
  std::vector<std::pair<std::string, std::string>> pairs{{"key", key.text()}, {"type", has.key_type}};
  for (const auto& [name, value] : flags_of(has)) {
    pairs.emplace_back(name, !value ? "not told" : *value ? "true" : "false");
  }
  pairs.emplace_back("public key SHA-256", digest);
  pairs.emplace_back("fit for an authority", weakness ? "no: " + *weakness : "yes");
  print_pairs(std::cout, pairs);
  std::cout << pem << '\n';
}

int show(const KeyArguments& arguments, Format format) {
  const auto options = token_options("cli", arguments.token);
  const auto key = key_uri(options, arguments.key);
  try {
    pkcs11::Token token{options};
    await_token(token, "no key was read");
    const auto deadline = std::chrono::steady_clock::now() + kReadLimit;
    const auto attributes = token.attributes(key, deadline);
    print(key, attributes, token.public_key(key, deadline), format);
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, key.text(), "no key was read");
  }
  return 0;
}

}  // namespace

void add_hsm_show(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<KeyArguments>();
  auto* verb = parent.add_subcommand("show", "the attributes of a key and its public key; signs nothing");
  add_key_arguments(*verb, *arguments, true);
  verb->callback([&session, arguments] {
    session.undone = "no key was read";
    session.action = [&session, arguments] { return show(*arguments, session.format); };
  });
}

}  // namespace cli
