#include "daemon/wiring/key_ring.hpp"

#include "ca/base/hex.hpp"
#include "daemon/wiring/secret_file.hpp"

namespace wiring {
auth::KeyRing read_key_ring(const config::PrincipalsFile& principals) {
  auth::KeyRing ring;
  for (const config::PrincipalOptions& entry : principals.principals) {
    const std::pair<std::string, std::string> who{entry.principal.account, entry.principal.name};
    for (const config::AccessKeyFile& key : entry.access_keys) {
      ring.keys[key.id] = {key.id, read_secret(key.secret), who.second, who.first};
    }
    for (const auto& fingerprint : entry.certificates) {
      ring.certificates[ca::to_hex(fingerprint)] = who;
    }
    if (entry.device_principal) {
      ring.device_principal = who;
    }
  }
  for (const config::RoleOptions& role : principals.roles) {
    ring.roles.emplace(role.principal.account, role.principal.name);
  }
  if (principals.session_key) {
    ring.session_key = read_secret(*principals.session_key);
  }
  return ring;
}

std::vector<sts::Role> roles_of(const config::PrincipalsFile& principals) {
  std::vector<sts::Role> roles;
  for (const config::RoleOptions& role : principals.roles) {
    roles.push_back(
        {role.principal.account, role.principal.name, role.principal.arn, role.trust, role.max_session});
  }
  return roles;
}

}  // namespace wiring
