#pragma once
#include "ca/base/bytes.hpp"
#include "ca/x509/algorithm.hpp"

namespace ca {

// SEQUENCE { to_be_signed, AlgorithmIdentifier, BIT STRING }: requests, certificates and revocation lists
// alike. Copies what was signed once.
[[nodiscard]] Bytes assemble_signed(ByteView to_be_signed, SigningAlgorithm algorithm, ByteView signature);

}  // namespace ca
