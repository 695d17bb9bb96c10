#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/verbs.hpp"
#include "pkcs11/public_key.hpp"

namespace cli {
namespace {

constexpr std::uintmax_t kMaxMessageBytes = 64U << 20U;
constexpr std::chrono::seconds kReadLimit{30};
constexpr int kNo = 3;

struct Arguments {
  KeyArguments key;
  std::string public_key, algorithm, in, signature;
};

pkcs11::Bytes public_key_in(const std::string& file) {
  const std::string text = read_text(file);
  try {
    const auto blocks = ca::parse_pem(text, 1);
    if (blocks.size() == 1 && blocks.front().label == "PUBLIC KEY") {
      return blocks.front().der;
    }
    if (blocks.size() == 1 && blocks.front().label == "CERTIFICATE") {
      return ca::Certificate::parse(blocks.front().der).public_key.spki_der();
    }
  } catch (const ca::Error&) {
    // falls through to the one message
  }
  throw Failure{"this is neither a PEM public key nor a PEM certificate", file,
                "give the PUBLIC KEY that hsm generate-key or hsm show printed, or a certificate",
                "nothing was verified"};
}

pkcs11::Bytes public_key_on_token(const KeyArguments& arguments) {
  if (arguments.token.module.empty() || arguments.token.token.empty() || arguments.token.pin_source.empty() ||
      arguments.key.empty()) {
    throw Usage{
        "under which public key is not said: give --public-key FILE, or --module, --token, --pin-source and "
        "--key"};
  }
  const auto options = token_options("cli", arguments.token);
  const auto key = key_uri(options, arguments.key);
  try {
    pkcs11::Token token{options};
    await_token(token, "nothing was verified");
    return token.public_key(key, std::chrono::steady_clock::now() + kReadLimit);
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, key.text(), "nothing was verified");
  }
}

int verify(const Arguments& arguments, Format format) {
  const std::string message = read_text(arguments.in, kMaxMessageBytes);
  const std::string signature = read_text(arguments.signature);
  const auto spki =
      arguments.public_key.empty() ? public_key_on_token(arguments.key) : public_key_in(arguments.public_key);
  const auto scheme = scheme_named(arguments.algorithm, natural_scheme_of(spki));
  const auto view = [](const std::string& text) {
    return pkcs11::ByteView{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  };
  const bool valid = pkcs11::verifies(spki, scheme, view(message), view(signature));
  if (format == Format::json) {
    print_json(std::cout, {{"valid", valid}, {"algorithm", scheme_name(scheme)}});
  } else {
    std::cout << (valid ? "valid: " : "NOT VALID: ") << arguments.signature
              << (valid ? " is a signature of this key over " : " is no signature of this key over ")
              << arguments.in << " (" << scheme_name(scheme) << ")\n";
  }
  return valid ? 0 : kNo;
}

}  // namespace

void add_hsm_verify(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("verify", "whether a signature is by a key over a file; 3: it is not");
  verb->add_option("--public-key", arguments->public_key, "PEM public key or certificate; needs no token");
  add_key_arguments(*verb, arguments->key, false);
  verb->add_option("--algorithm", arguments->algorithm,
                   "such as SHA256WITHECDSA; default: what fits the key");
  verb->add_option("--in", arguments->in, "what was signed")->required();
  verb->add_option("--signature", arguments->signature, "the signature, as hsm sign writes it")->required();
  verb->callback([&session, arguments] {
    session.undone = "nothing was verified";
    session.action = [&session, arguments] { return verify(*arguments, session.format); };
  });
}

}  // namespace cli
