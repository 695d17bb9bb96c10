#pragma once
#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/token_arguments.hpp"

namespace cli {

// The token of the ceremony, with its PIN: of a fresh token by making PINs that nobody sees, sharing them and
// initialising it; of one that is there from the custodians' shares, or from --pin-source where the HSM has a
// quorum of its own. PIN and shares are in locked memory and in the share files, nowhere else (I18). Throws
// Failure.
[[nodiscard]] TokenArguments open_ceremony_token(CeremonyRoom& room);

// The script's token is here, and no other. Throws Failure, and pkcs11::Error.
void need_ceremony_token(CeremonyRoom& room);
// The script's token with this PIN.
[[nodiscard]] TokenArguments with_pin(const CeremonyRoom& room, pkcs11::Pin pin);

}  // namespace cli
