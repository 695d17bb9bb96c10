#pragma once
#include <optional>

#include "daemon/cli/ceremony_room.hpp"
#include "daemon/cli/token_arguments.hpp"

namespace cli {

// The step renew-shares: other PINs, shared among the script's custodians, in two runs. With old shares alone
// it writes new ones, which open nothing yet, and returns nullopt: they are handed out first, so that no
// interruption and no lost RAM disk can leave a token whose PINs nobody has. With old and new ones, as the
// custodians keep them, it sets the PINs; interrupted there, the same run goes on (pkcs11::change_pins). The
// token with its new PIN then. Throws Failure.
[[nodiscard]] std::optional<TokenArguments> renew_shares(CeremonyRoom& room);

}  // namespace cli
