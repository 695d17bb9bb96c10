#pragma once
#include <optional>

#include "ca/base/clock.hpp"
#include "ca/x509/certificate.hpp"

namespace ca {

// Validity of the API: Value and Type.
struct ValidityRequest {
  enum class Type { end_date, absolute, days, months, years };
  long value = 0;
  Type type = Type::days;
};

// The validity period of a certificate that is asked for at `now`. Pure.
// notBefore is now - 60 minutes unless asked for (ABSOLUTE only), but not before the issuer's; notAfter is
// now + the asked time exactly and is not moved by notBefore. `issuer` is the period in which the issuer may
// issue; nullopt for a root's own certificate. Whether an asked period lies inside it is for build_tbs.
// Months and years are calendar arithmetic in UTC, clamped to the end of the
// month. END_DATE: 11 or 12 digits YYMMDDHHMMSS (YY >= 50 is 19YY), 13 or 14 digits YYYYMMDDHHMMSS. Throws
// Code::constraint_violation for a date that does not exist, is past, lies after year 9999, or ends before it
// begins; Code::invalid_args for a notBefore of another type; Code::invalid_state when the issuer is not
// valid yet.
[[nodiscard]] Validity resolve_validity(const ValidityRequest& validity,
                                        const std::optional<ValidityRequest>& not_before, TimePoint now,
                                        const std::optional<Validity>& issuer);

}  // namespace ca
