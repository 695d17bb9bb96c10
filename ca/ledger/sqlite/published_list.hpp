#pragma once
#include <cstdint>
#include <map>
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
  // False: signed by a key that is not in the copy, in the name of that authority. A key that is newer than
  // the copy, or anybody's: nothing here vouches for the list.
  bool signer_known = true;
  std::optional<std::string> series;  // the name of its series in the copy; absent: it has none
  std::optional<std::uint64_t> number;
  Seconds this_update;
  std::uint64_t entry_count = 0;
  std::vector<Lost> lost;  // in the order of the list
};

// Compares one list (DER) with a copy that nobody has open; nothing is written. Throws Code::malformed_crl,
// Code::certificate_mismatch for a list that is in no name of an authority of the copy, or names a key of the
// copy that has not signed it; Code::invalid_state when the copy cannot be read.
[[nodiscard]] PublishedList compare_published_list(const std::string& copy, ByteView crl_der);

// Raises what each of these series has given as its highest number, so that the next one is larger (I8), also
// when the clock was ahead while those numbers were given. The copy is one that nobody else has open;
// durable, and nothing is left beside it, at return. Throws Code::unavailable with the cause.
void raise_crl_numbers(const std::string& copy, const std::map<std::string, std::uint64_t>& numbers);

}  // namespace ca
