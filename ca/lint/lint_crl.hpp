#pragma once
#include "ca/x509/crl.hpp"
#include "ca/x509/to_be_signed.hpp"

namespace ca {

// Reads a TBSCertList again with no knowledge of how it was built and checks it (RFC 5280, 5): each field and
// extension is what `expected` says and no other is there; it is current at `issued_at`; it has exactly that
// many entries, each serial once and in order, none revoked after `issued_at`, no reason but one of ours. The
// bytes move through, without a copy. Pure. Throws Code::internal: only a defect of ours can break it.
[[nodiscard]] ToBeSigned lint_crl(Bytes tbs, const CrlHeader& expected, std::uint64_t expected_entries,
                                  Seconds issued_at);

}  // namespace ca
