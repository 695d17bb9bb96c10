#pragma once
#include <optional>

#include "ca/inventory/inventory.hpp"
#include "config/principals.hpp"
#include "daemon/auth/authenticator.hpp"

namespace wiring {

// The access keys, certificates and the device principal of the principals file; reads the secret files, one
// line each. Throws ca::Error{Code::unavailable} naming the file that cannot be read or holds no secret.
[[nodiscard]] auth::KeyRing read_key_ring(const config::PrincipalsFile& principals);

// The device that a certificate of ours was issued to: looked up by issuer and serial, compared byte for
// byte, ISSUED and not revoked. nullopt for any other certificate. Throws what the inventory throws.
[[nodiscard]] std::optional<auth::DeviceIdentity> device_of(ca::Inventory& inventory,
                                                            const ca::Bytes& leaf_der);

}  // namespace wiring
