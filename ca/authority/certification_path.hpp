#pragma once
#include <string>
#include <vector>

#include "ca/x509/certificate.hpp"

namespace ca {

// "certificate" for the authority's own, "chain certificate 2 'CN=Example Root'" for those above it.
[[nodiscard]] std::string place_in_path(const Certificate& certificate, std::size_t place);

// What a verifier will ask of a path (RFC 5280, 6.1) beside signatures, periods and path lengths: strong
// keys, critical extensions that verifiers know, key identifiers that fit, names inside the constraints above
// them. `path` is the authority's own certificate and those above it, each signed by the next, the last by
// itself. Throws Code::certificate_mismatch for key identifiers, else Code::malformed_certificate; the
// message says which certificate and why.
void check_certification_path(const std::vector<Certificate>& path);

}  // namespace ca
