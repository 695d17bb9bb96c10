#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ca/base/clock.hpp"
#include "ca/base/serial_number.hpp"
#include "ca/x509/revocation_reason.hpp"

namespace ca {

// What a published revocation list says and a copy of a ledger does not know.
struct PublishedList {
  struct Lost {
    enum class Standing {
      issued,   // good in the copy
      pending,  // accepted, not signed yet: it will be signed and good
      absent,   // issued after the copy was made, or failed there
    };
    SerialNumber serial;
    Seconds revoked_at;
    RevocationReason reason = RevocationReason::unspecified;
    Standing standing = Standing::absent;
  };

  std::string authority;  // whose key signed it: an ARN
  std::optional<std::uint64_t> number;
  Seconds this_update;
  std::uint64_t entry_count = 0;
  std::vector<Lost> lost;  // in the order of the list
};

// Compares one list (DER) with a copy that nobody has open; nothing is written. Throws Code::malformed_crl,
// Code::certificate_mismatch for a list that no authority of the copy has signed, Code::invalid_state when
// the copy cannot be read.
[[nodiscard]] PublishedList compare_published_list(const std::string& copy, ByteView crl_der);

}  // namespace ca
