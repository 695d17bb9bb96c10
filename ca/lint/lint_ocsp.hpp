#pragma once
#include "ca/x509/ocsp.hpp"
#include "ca/x509/to_be_signed.hpp"

namespace ca {

// Reads a ResponseData again with no knowledge of how it was built and compares it with what it was built
// from (RFC 6960, 4.2.1): responder, times, nonce, and each answer in its order; nothing else is there. A
// good or unknown certificate has no time and no reason of revocation; thisUpdate <= producedAt < nextUpdate.
// Pure. Throws Code::internal: only a defect of ours can break it.
[[nodiscard]] ToBeSigned lint_ocsp(Bytes tbs, const OcspResponse& expected, SigningAlgorithm algorithm);

}  // namespace ca
