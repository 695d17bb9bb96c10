#pragma once
#include "ca/templates/issuer_identity.hpp"

namespace ca {

// RFC 5280 leaves extendedKeyUsage in certificates of authorities open; verifiers of TLS, of Windows and of
// Go among them, take it for a limit on everything below. So what is issued has no purpose that a certificate
// above, the root's among them, lacks, unless that one has anyExtendedKeyUsage. A certificate without
// extendedKeyUsage takes over those limits and passes. Throws Code::purpose_not_permitted.
void check_purposes(const Certificate& certificate, const IssuerIdentity& issuer);

}  // namespace ca
