#pragma once
#include <optional>
#include <string>

#include "ca/authority/authority.hpp"

namespace ca {

// Why relying parties would take no CRL that `authority`'s key signs, or no OCSP signer that it certifies, of
// those that `wanted` enables: a keyUsage without cRLSign (RFC 5280, 4.2.1.3), purposes of its certificate or
// of one above it without OCSPSigning. nullopt: they take both, or it has no certificate yet.
[[nodiscard]] std::optional<std::string> revocation_complaint(const Authority& authority,
                                                              const RevocationConfiguration& wanted);

}  // namespace ca
