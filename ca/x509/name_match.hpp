#pragma once
#include "ca/x509/name.hpp"

namespace ca {

// Comparison of names as verifiers compare them (RFC 5280, 7.1): RDN by RDN, the attributes of one RDN in any
// order, text without regard to string type, case and runs of spaces. That is decided for ASCII and for text
// that is the same character for character. Case and composition beyond ASCII need the tables of Unicode,
// which are not here: such a pair is `undecided`, and who asks takes it for the answer that refuses.
enum class NameMatch { no, yes, undecided };

[[nodiscard]] NameMatch match_names(const DistinguishedName& a, const DistinguishedName& b);
// Whether `name` begins with all RDNs of `prefix` (RFC 5280, 4.2.1.10).
[[nodiscard]] NameMatch match_prefix(const DistinguishedName& name, const DistinguishedName& prefix);

}  // namespace ca
