#include "ca/revocation/crl_schedule.hpp"

#include <algorithm>

namespace ca {
namespace {

constexpr std::chrono::minutes kClockTolerance{1};
// Of a series that was switched off before it had a CRL: nobody remembers what was configured.
constexpr std::chrono::days kLifeOfTheFirst{7};

}  // namespace

bool crl_is_asked_for(const CrlRecord& crl, const CrlConfiguration& configuration) {
  return crl.complete && configuration.enabled && configuration.type == CrlType::complete;
}

bool crl_lives(const CrlRecord& crl, const CrlConfiguration& configuration, TimePoint now) {
  if (crl_is_asked_for(crl, configuration)) {
    return true;
  }
  // Both, because the last one may be from a clock that was ahead.
  const bool all_ended = crl.last_not_after < to_seconds(now);
  const bool all_listed =
      all_ended && crl.issued && crl.last_not_after < to_seconds(crl.issued->scheduled_at);
  return crl.certificates > 0 && !all_listed;
}

std::chrono::days crl_life(const CrlRecord& crl, const CrlConfiguration& configuration) {
  if (configuration.enabled) {
    return std::chrono::days{configuration.expiration_days};
  }
  if (!crl.issued) {
    return kLifeOfTheFirst;
  }
  // Up, because issued_at has milliseconds and nextUpdate has none.
  const auto last = TimePoint{crl.issued->next_update} - crl.issued->issued_at;
  return std::max(std::chrono::ceil<std::chrono::days>(last), std::chrono::days{1});
}

CrlDue crl_due(const CrlRecord& crl, const CrlConfiguration& configuration, TimePoint now) {
  if (!crl_lives(crl, configuration, now)) {
    return CrlDue::no;
  }
  if (!crl.issued) {
    return CrlDue::time;
  }
  const std::chrono::milliseconds life = crl_life(crl, configuration);
  const TimePoint half_of_the_last =
      crl.issued->issued_at + (TimePoint{crl.issued->next_update} - crl.issued->issued_at) / 2;
  // From a time that the clock has not reached: relying parties refuse it.
  const bool ahead = now + kClockTolerance < crl.issued->issued_at;
  if (ahead || now >= crl.issued->scheduled_at + life / 2 || now >= half_of_the_last) {
    return CrlDue::time;
  }
  return crl.revocations > crl.issued->covered ? CrlDue::news : CrlDue::no;
}

Seconds crl_ends_from(const CrlRecord& crl, CrlDue due, TimePoint now) {
  if (!crl.issued) {
    return Seconds{};
  }
  const TimePoint last = due == CrlDue::time ? crl.issued->scheduled_at : crl.issued->previous_scheduled_at;
  // A clock that was ahead must not take a certificate that has not ended from the list (I7).
  return to_seconds(std::min(last, now));
}

}  // namespace ca
