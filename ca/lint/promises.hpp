#pragma once
#include <string>

#include "ca/templates/issuer_identity.hpp"
#include "ca/templates/template.hpp"

namespace ca {

// Throws Code::internal: structure that only a defect of ours can have made.
[[noreturn]] void lint_failure(const std::string& what);

// The extensions are those that the template promises, with its values, those that were passed through, octet
// for octet, and no others (I11); the key identifiers are right; the path length fits below the issuer. The
// expected bytes are written out or computed here, not taken from the code that builds. Throws as lint()
// does.
void check_promises(const Certificate& certificate, const Template& tmpl, const IssuerIdentity& issuer,
                    const std::vector<Extension>& passed);

}  // namespace ca
