#pragma once
#include "config/principals.hpp"
#include "daemon/auth/authenticator.hpp"
#include "daemon/sts/service.hpp"

namespace wiring {

// The access keys, certificates, the device principal, the roles and the session key of the principals file;
// reads the secret files, one line each. Throws ca::Error{Code::unavailable} naming the file that cannot be
// read or holds no secret.
[[nodiscard]] auth::KeyRing read_key_ring(const config::PrincipalsFile& principals);
[[nodiscard]] std::vector<sts::Role> roles_of(const config::PrincipalsFile& principals);

}  // namespace wiring
