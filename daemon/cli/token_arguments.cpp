#include "daemon/cli/token_arguments.hpp"

#include <algorithm>
#include <chrono>

#include "daemon/cli/failure.hpp"
#include "daemon/cli/typed_pin.hpp"

namespace cli {

void add_token_arguments(CLI::App& verb, TokenArguments& arguments, bool required) {
  verb.add_option("--module", arguments.module, "PKCS#11 library, such as /usr/lib/softhsm/libsofthsm2.so")
      ->required(required);
  verb.add_option("--token", arguments.token, "label of the token, or an RFC 7512 URI")->required(required);
  verb.add_option(
          "--pin-source", arguments.pin_source,
          "file:<path>, credential:<name>, fd:<number>, or prompt: typed and not shown; never the PIN")
      ->required(required);
}

pkcs11::TokenOptions token_options(const std::string& name, const TokenArguments& arguments) {
  pkcs11::TokenOptions options;
  options.name = name;
  if (arguments.token.starts_with("pkcs11:")) {
    options.uri = pkcs11::Uri::parse(arguments.token);
  } else {
    options.uri.token = arguments.token;
  }
  if (!options.uri.names_token()) {
    throw Failure{"the URI names no token", "--token", "give token= or serial= in it"};
  }
  options.uri.module_path = arguments.module;
  options.pin = arguments.pin ? *arguments.pin
                : arguments.pin_source == "prompt"
                    ? pkcs11::PinSource::kept(typed_pin("PIN of " + options.uri.text()), "prompt")
                    : pkcs11::PinSource::parse(arguments.pin_source);
  options.sessions = 2;
  return options;
}

void await_token(pkcs11::Token& token, const std::string& undone) {
  using std::chrono::steady_clock;
  // A token that is away is found out in a moment; one that answers slowly gets its time.
  constexpr auto kPatience = std::chrono::seconds{5};
  constexpr auto kLimit = std::chrono::seconds{60};
  const auto begin = steady_clock::now();
  while (!token.wait_until_up(std::min(steady_clock::now() + kPatience, begin + kLimit))) {
    const pkcs11::TokenStatus status = token.status();
    const bool hopeless =
        status.state == pkcs11::TokenState::sealed || status.state == pkcs11::TokenState::down;
    if (hopeless || steady_clock::now() >= begin + kLimit) {
      const bool sealed = status.state == pkcs11::TokenState::sealed;
      throw Failure{
          "the token cannot be used: " + status.detail +
              (status.last_error.empty() || status.detail.find(status.last_error) != std::string::npos
                   ? ""
                   : " (" + status.last_error + ")"),
          token.options().uri.text(),
          sealed ? "it took one attempt with the PIN of " + token.options().pin.text() +
                       " and none will follow: find the PIN that it has now before it locks"
                 : "run chancery doctor with the same --module, --token and --pin-source",
          undone};
    }
  }
}

}  // namespace cli
