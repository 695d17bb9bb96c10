#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "daemon/cli/failure.hpp"
#include "daemon/cli/token_arguments.hpp"
#include "pkcs11/token.hpp"

namespace cli {

// Which key on which token, in the words of the command line.
struct KeyArguments {
  TokenArguments token;
  std::string key;  // label, or an RFC 7512 URI
};

void add_key_arguments(CLI::App& verb, KeyArguments& arguments, bool required);

// Names the private key and its token.
[[nodiscard]] pkcs11::Uri key_uri(const pkcs11::TokenOptions& token, const std::string& key);

// "SHA256WITHECDSA", or what fits the key when the name is empty. Throws Failure.
[[nodiscard]] pkcs11::SignatureScheme scheme_named(const std::string& name, pkcs11::SignatureScheme natural);
[[nodiscard]] std::string scheme_name(pkcs11::SignatureScheme scheme);
// The scheme that fits the public key best. Throws Failure for a key of a kind that is not ours.
[[nodiscard]] pkcs11::SignatureScheme natural_scheme_of(pkcs11::ByteView spki_der);

}  // namespace cli
