#pragma once
#include <optional>
#include <string>

#include "ca/x509/public_key.hpp"

namespace ca {

// The complaint about a key that is weak or is not what it claims to be; nullopt = good: RSA size, exponent,
// small factors, ROCA, close primes; EC curve; Ed25519 points of small order. These are the rules of the
// CA/Browser Forum Baseline Requirements, 6.1.6 and 6.1.1.3, but for one of the latter: lists of known keys,
// such as those of Debian's OpenSSL of 2006 to 2008, are not asked, because no Debian package carries them
// any more. Pure; about 0.1 ms for RSA 2048.
[[nodiscard]] std::optional<std::string> key_complaint(const PublicKey& key);

// Throws Code::malformed_csr with the complaint about a subject's key.
void check_subject_key(const PublicKey& key);

}  // namespace ca
