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

// Whether the configuration wants this CRL whether or not a certificate names it: the complete one.
[[nodiscard]] bool crl_is_asked_for(const CrlRecord& crl, const CrlConfiguration& configuration);

// Whether a series is issued at `now`. Not a partition that no certificate names, not a complete CRL that is
// not asked for and that no certificate names, and not what listed every certificate once after its end. That
// CRLs are switched off ends none that a certificate names. Pure.
[[nodiscard]] bool crl_lives(const CrlRecord& crl, const CrlConfiguration& configuration, TimePoint now);

// From a CRL to its nextUpdate: as configured; as in the last one while CRLs are switched off.
[[nodiscard]] std::chrono::days crl_life(const CrlRecord& crl, const CrlConfiguration& configuration);

// What there is to do for a series at `now`: nothing for one that does not live. Pure.
[[nodiscard]] CrlDue crl_due(const CrlRecord& crl, const CrlConfiguration& configuration, TimePoint now);

// Entries of certificates that ended before are left out: each was listed by a CRL that was due by time after
// its certificate's end (RFC 5280, 3.3; revocations between do not count).
[[nodiscard]] Seconds crl_ends_from(const CrlRecord& crl, CrlDue due, TimePoint now);

}  // namespace ca
