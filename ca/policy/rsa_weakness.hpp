#pragma once
#include <optional>

#include "ca/base/bytes.hpp"

namespace ca {

// Known weaknesses of RSA moduli (big-endian, odd). Pure. Throw Code::internal when memory runs out.

// The smallest prime up to 752 that divides it.
[[nodiscard]] std::optional<unsigned> small_factor(ByteView modulus);

// Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack" (2017), 3.2: modulo every prime up
// to 167 such a modulus is a power of 65537. Chance of a false alarm: about 2^-27.
[[nodiscard]] bool has_roca_fingerprint(ByteView modulus);

// Whether Fermat's factorisation succeeds within 110 rounds (Baseline Requirements, 6.1.1.3: at least 100).
[[nodiscard]] bool has_close_primes(ByteView modulus);

}  // namespace ca
