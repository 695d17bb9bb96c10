#include <array>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/pem.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

struct Arguments {
  TokenArguments token;
  std::string label, key_type = "EC_prime256v1";
};

// Names as in the AWS API, so that one word means the same key everywhere.
constexpr std::array<std::pair<const char*, pkcs11::KeyType>, 7> kKeyTypes{
    {{"EC_prime256v1", pkcs11::KeyType::ec_p256},
     {"EC_secp384r1", pkcs11::KeyType::ec_p384},
     {"EC_secp521r1", pkcs11::KeyType::ec_p521},
     {"RSA_2048", pkcs11::KeyType::rsa_2048},
     {"RSA_3072", pkcs11::KeyType::rsa_3072},
     {"RSA_4096", pkcs11::KeyType::rsa_4096},
     {"ED25519", pkcs11::KeyType::ed25519}}};

pkcs11::KeyType key_type(const std::string& name) {
  std::string known;
  for (const auto& [text, type] : kKeyTypes) {
    if (name == text) {
      return type;
    }
    known += (known.empty() ? "" : ", ") + std::string{text};
  }
  throw Usage{"unknown key type '" + name + "': --key-type is one of " + known};
}

constexpr const char* kUndone = "no key was made";

int generate(const Arguments& arguments, Format format) {
  const auto type = key_type(arguments.key_type);
  const auto options = token_options("cli", arguments.token);
  const auto key = [&] {
    try {
      pkcs11::Token token{options};
      await_token(token, kUndone);
      return token.generate_key(arguments.label, type,
                                std::chrono::steady_clock::now() + std::chrono::minutes{2});
    } catch (const pkcs11::Error& error) {
      throw token_failure(error, options.uri.text(), kUndone);
    }
  }();
  const std::string public_key = ca::to_pem("PUBLIC KEY", key.spki_der);
  if (format == Format::json) {
    print_json(std::cout, {{"uri", key.uri}, {"key_type", arguments.key_type}, {"public_key", public_key}});
  } else {
    print_pairs(std::cout, {{"key", key.uri}, {"type", arguments.key_type}});
    std::cout << public_key << '\n';
  }
  return 0;
}

}  // namespace

void add_hsm_generate_key(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("generate-key", "a key pair that can sign and never leave its token");
  add_token_arguments(*verb, arguments->token, true);
  verb->add_option("--label", arguments->label, "must be free on the token")->required();
  verb->add_option("--key-type", arguments->key_type, "EC_prime256v1 (default), EC_secp384r1, RSA_3072, ...");
  verb->callback([&session, arguments] {
    session.undone = kUndone;
    session.action = [&session, arguments] { return generate(*arguments, session.format); };
  });
}

}  // namespace cli
