#pragma once
// Internal: slots over a loaded module.
#include "pkcs11/cryptoki.hpp"
#include "pkcs11/slot.hpp"

namespace pkcs11 {

// A slot that answers with an error is left out unless it is the only kind there is.
[[nodiscard]] std::vector<Slot> read_slots(Functions* functions);
[[nodiscard]] Slot read_slot(Functions* functions, CK_SLOT_ID slot);
// Exactly one slot fits. Throws Error{reconnect} for none, {fatal_config} for several.
[[nodiscard]] Slot select_slot(Functions* functions, const Uri& uri);
// Throws Error{wrong_pin} or {fatal_config} when a login could do harm or cannot work.
void refuse_unusable(const Slot& slot);
[[nodiscard]] std::vector<Mechanism> read_mechanisms(Functions* functions, CK_SLOT_ID slot);

}  // namespace pkcs11
