#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "daemon/cli/failure.hpp"
#include "pkcs11/token.hpp"

namespace cli {

// Which token, in the words of the command line.
struct TokenArguments {
  std::string module;                                   // path of the PKCS#11 library
  std::string token;                                    // label, or an RFC 7512 URI
  std::string pin_source;                               // file:<path>, credential:<name>, fd:<number>, prompt
  std::optional<pkcs11::PinSource> pin = std::nullopt;  // instead of the text: a PIN that is in memory
};

void add_token_arguments(CLI::App& verb, TokenArguments& arguments, bool required);

// Asks for the PIN when the source is "prompt". Throws Failure for a URI that names no token or carries a
// PIN.
[[nodiscard]] pkcs11::TokenOptions token_options(const std::string& name, const TokenArguments& arguments);

// A failure of the token layer as one for a person, who also wants to know what was not done.
[[nodiscard]] Failure token_failure(const pkcs11::Error& error, const std::string& where,
                                    const std::string& undone);

// Waits until the token is connected; a Failure names the call that failed, what was not done and what to do.
void await_token(pkcs11::Token& token, const std::string& undone);

}  // namespace cli
