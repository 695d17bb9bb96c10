#pragma once
#include <string>

#include "pkcs11/pin.hpp"
#include "pkcs11/slot.hpp"

namespace pkcs11 {

struct NewToken {
  std::string label;  // free in this module, at most 32 octets
  // Which of the tokens without initialisation; an empty URI where there is only one.
  Uri place;
};

// C_InitToken, C_InitPIN and C_Logout on a token that was never initialised: nothing that is on a token is
// ever erased by this. The token as it is then. Throws Error{fatal_config} for a label in use, no or several
// fresh tokens, PINs that the token does not take (before anything is done), and what the calls answer. Not
// beside a Token on the same module in one process.
[[nodiscard]] Slot initialise_token(const std::string& module_path, const NewToken& wanted, const Pin& so_pin,
                                    const Pin& user_pin);

// Both PINs of a token.
struct TokenPins {
  Pin user, officer;
};

// C_SetPIN for the user, then for the security officer. `begun`: an earlier call may have set one or both;
// which is found out with at most one login that fails, and what is not yet set is set. Throws
// Error{wrong_pin} when neither PIN opens the token, and what the calls answer; whatever it throws, the same
// call with `begun` goes on. Not beside a Token on the same module in one process.
void change_pins(const std::string& module_path, const Uri& token, const TokenPins& now,
                 const TokenPins& wanted, bool begun);

// One login. False: it is another PIN. Throws what the calls answer. Not beside a Token on the same module.
[[nodiscard]] bool takes_user_pin(const std::string& module_path, const Uri& token, const Pin& pin);

}  // namespace pkcs11
