#include "daemon/cli/token_arguments.hpp"

#include <algorithm>
#include <chrono>
#include <sys/prctl.h>

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

namespace {

constexpr const char* kDoctor = "run chancery doctor with the same --module, --token and --pin-source";

// What is wrong with the argument stands on the command line, not in a token.
template <typename Parse>
auto parsed(const char* argument, Parse parse) {
  try {
    return parse();
  } catch (const pkcs11::Error& wrong) {
    throw token_failure(wrong, argument, "");
  }
}

}  // namespace

Failure token_failure(const pkcs11::Error& error, const std::string& where, const std::string& undone) {
  return Failure{error.cause(), where, error.hint().empty() ? kDoctor : error.hint(), undone};
}

pkcs11::TokenOptions token_options(const std::string& name, const TokenArguments& arguments) {
  // A PIN will be in this process: no core file, no debugger.
  ::prctl(PR_SET_DUMPABLE, 0);
  pkcs11::TokenOptions options;
  options.name = name;
  if (arguments.token.starts_with("pkcs11:")) {
    options.uri = parsed("--token", [&] { return pkcs11::Uri::parse(arguments.token); });
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
                    : parsed("--pin-source", [&] { return pkcs11::PinSource::parse(arguments.pin_source); });
  options.sessions = 2;
  return options;
}

namespace {

std::string advice_for(const pkcs11::TokenStatus& status, const pkcs11::TokenOptions& options) {
  const bool locked =
      status.cause && pkcs11::return_value_text(status.cause->rv()).starts_with("CKR_PIN_LOCKED");
  if (status.state == pkcs11::TokenState::sealed && status.login_failures > 0 && !locked) {
    return "it took one attempt with the PIN of " + options.pin.text() +
           " and none will follow: find the PIN that it has now before it locks";
  }
  return status.cause && !status.cause->hint().empty() ? status.cause->hint() : kDoctor;
}

}  // namespace

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
      throw Failure{"the token cannot be used: " + (status.cause ? status.cause->cause() : status.detail),
                    token.options().uri.text(), advice_for(status, token.options()), undone};
    }
  }
}

}  // namespace cli
