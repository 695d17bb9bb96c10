#pragma once
#include "ca/x509/public_key.hpp"

namespace ca {

// Refuses subject keys that are weak or are not what they claim to be: RSA size, exponent, small factors,
// ROCA, close primes; EC curve; Ed25519 points of small order. These are the rules of the CA/Browser Forum
// Baseline Requirements, 6.1.6 and 6.1.1.3, but for one of the latter: lists of known keys, such as those of
// Debian's OpenSSL of 2006 to 2008, are not asked, because no Debian package carries them any more. Pure;
// about 0.1 ms for RSA 2048. Throws Code::malformed_csr with the reason.
void check_subject_key(const PublicKey& key);

}  // namespace ca
