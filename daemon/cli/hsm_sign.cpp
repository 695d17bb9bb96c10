#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/output_file.hpp"
#include "daemon/cli/verbs.hpp"
#include "pkcs11/public_key.hpp"

namespace cli {
namespace {

constexpr std::uintmax_t kMaxMessageBytes = 64U << 20U;  // held in memory once
constexpr std::chrono::seconds kSignLimit{30};
constexpr const char* kUndone = "nothing was signed, no file was written";

struct Arguments {
  KeyArguments key;
  std::string algorithm, in, out;
};

struct Signature {
  pkcs11::Bytes bytes;
  pkcs11::SignatureScheme scheme;
};

// A key that could have left its token signs nothing here, as in the daemon (I14), and no signature leaves
// that does not verify (I4).
Signature signature(pkcs11::Token& token, const pkcs11::Uri& key, const std::string& algorithm,
                    pkcs11::ByteView message) {
  const auto deadline = [] { return std::chrono::steady_clock::now() + kSignLimit; };
  const auto spki = token.public_key(key, deadline());
  const auto scheme = scheme_named(algorithm, natural_scheme_of(spki));
  token.audit(key, spki, deadline());
  Signature made{token.sign(key, scheme, message, deadline()), scheme};
  if (!pkcs11::verifies(spki, scheme, message, made.bytes)) {
    throw pkcs11::Error{pkcs11::ErrorClass::key_refused,
                        "the token's signature does not verify under its own public key",
                        "do not use this token; run chancery hsm prove"};
  }
  return made;
}

int sign(const Arguments& arguments, Format format) {
  const std::string message = read_text(arguments.in, kMaxMessageBytes);
  OutputFile out{arguments.out};
  const auto options = token_options("cli", arguments.key.token);
  const auto key = key_uri(options, arguments.key.key);
  try {
    pkcs11::Token token{options};
    await_token(token, kUndone);
    const auto [bytes, scheme] =
        signature(token, key, arguments.algorithm,
                  {reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
    out.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (format == Format::json) {
      print_json(std::cout,
                 {{"key", key.text()}, {"algorithm", scheme_name(scheme)}, {"signature", arguments.out}});
    } else {
      print_pairs(std::cout, {{"key", key.text()},
                              {"algorithm", scheme_name(scheme)},
                              {"signature", arguments.out + ", " + std::to_string(bytes.size()) + " bytes"}});
    }
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, key.text(), kUndone);
  }
  return 0;
}

}  // namespace

void add_hsm_sign(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("sign", "sign a file with a key on a token");
  add_key_arguments(*verb, arguments->key, true);
  verb->add_option("--algorithm", arguments->algorithm,
                   "such as SHA256WITHECDSA; default: what fits the key");
  verb->add_option("--in", arguments->in, "what to sign; it is hashed here")->required();
  verb->add_option("--out", arguments->out, "where the signature goes, as openssl dgst reads it")->required();
  verb->callback([&session, arguments] {
    session.undone = kUndone;
    session.action = [&session, arguments] { return sign(*arguments, session.format); };
  });
}

}  // namespace cli
