#pragma once
#include <string>

#include "pkcs11/pin.hpp"

namespace cli {

// Asks at the terminal of this process, whatever stdin and stdout are, and shows nothing of what is typed.
// Throws Failure when there is no terminal or nothing was typed.
[[nodiscard]] pkcs11::Pin typed_pin(const std::string& question);

}  // namespace cli
