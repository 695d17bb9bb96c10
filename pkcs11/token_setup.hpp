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

}  // namespace pkcs11
