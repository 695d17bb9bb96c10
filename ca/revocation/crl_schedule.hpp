#pragma once
#include <chrono>

#include "ca/inventory/records.hpp"
#include "ca/policy/revocation_configuration.hpp"

namespace ca {

enum class CrlDue {
  no,
  news,  // a revocation that the last CRL does not list
  time,  // half of the last one's life is over, it is from the future, or there is none
};

// What there is to do for a series at `now`. Nothing for a partition that no certificate names, for a
// complete CRL that the configuration does not ask for and no certificate needs, and for what listed every
// certificate once after its end. Pure.
[[nodiscard]] CrlDue crl_due(const CrlRecord& crl, const CrlConfiguration& configuration, TimePoint now);

// Entries of certificates that ended before are left out: each was listed by a CRL that was due by time after
// its certificate's end (RFC 5280, 3.3; revocations between do not count).
[[nodiscard]] Seconds crl_ends_from(const CrlRecord& crl, CrlDue due, TimePoint now);

}  // namespace ca
