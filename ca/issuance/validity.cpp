#include "ca/issuance/validity.hpp"

#include <algorithm>
#include <string>

#include "ca/base/error.hpp"

namespace ca {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using Type = ValidityRequest::Type;

constexpr std::chrono::minutes kBackdate{60};
constexpr Seconds kFirst{sys_days{std::chrono::year{1950} / 1 / 1}};  // UTCTime begins there
constexpr Seconds kLast{sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::seconds{1}};
constexpr long kMaxYears = 9999;  // bounds that keep all sums far from overflow
constexpr long kMaxMonths = kMaxYears * 12;
constexpr long kMaxDays = kMaxYears * 366;

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::constraint_violation, what}; }

Seconds bounded(Seconds time) {
  if (time < kFirst || time > kLast) {
    refuse("The validity of a certificate must lie between the years 1950 and 9999");
  }
  return time;
}

// Calendar months keep the day; a month that is too short ends the period on its last day.
Seconds after_months(Seconds now, long months) {
  const auto midnight = std::chrono::floor<days>(now);
  const year_month_day today{midnight};
  const auto month = today.year() / today.month() + std::chrono::months{months};
  if (month.year() > std::chrono::year{static_cast<int>(kMaxYears)}) {
    refuse("The validity of a certificate must lie between the years 1950 and 9999");
  }
  const auto last = (month / std::chrono::last).day();
  const sys_days date{month / std::min(today.day(), last)};
  return date + (now - midnight);
}

// YYMMDDHHMMSS or YYYYMMDDHHMMSS as a number: leading zeros are lost on the way through JSON.
Seconds end_date(long value) {
  static constexpr long kTwelveDigits = 1'000'000'000'000;
  static constexpr long kFourteenDigits = 100'000'000'000'000;
  static constexpr long kTenDigits = 10'000'000'000;
  if (value < kTenDigits || value >= kFourteenDigits) {
    refuse("An END_DATE is written YYMMDDHHMMSS or YYYYMMDDHHMMSS");
  }
  long year = value / kTenDigits;
  if (value < kTwelveDigits) {
    year += year >= 50 ? 1900 : 2000;
  }
  const auto part = [&](long unit) { return static_cast<int>(value / unit % 100); };
  const year_month_day date{std::chrono::year{static_cast<int>(year)},
                            std::chrono::month{static_cast<unsigned>(part(100'000'000))},
                            std::chrono::day{static_cast<unsigned>(part(1'000'000))}};
  if (!date.ok() || part(10'000) > 23 || part(100) > 59 || part(1) > 59) {
    refuse("The END_DATE is not a date that exists");
  }
  return sys_days{date} + std::chrono::hours{part(10'000)} + std::chrono::minutes{part(100)} +
         std::chrono::seconds{part(1)};
}

Seconds absolute(long value) {
  const Seconds time{std::chrono::seconds{value}};
  return bounded(time);
}

void check_count(long value, long max, const char* unit) {
  if (value > max) {
    refuse("A validity of " + std::to_string(value) + " " + unit + " ends after the year 9999");
  }
}

Seconds not_after_of(const ValidityRequest& validity, Seconds now) {
  if (validity.value < 1) {
    refuse("The value of a validity must be at least 1");
  }
  switch (validity.type) {
    case Type::end_date:
      return end_date(validity.value);
    case Type::absolute:
      return absolute(validity.value);
    case Type::days:
      check_count(validity.value, kMaxDays, "days");
      return now + days{validity.value};
    case Type::months:
      check_count(validity.value, kMaxMonths, "months");
      return after_months(now, validity.value);
    case Type::years:
      check_count(validity.value, kMaxYears, "years");
      return after_months(now, validity.value * 12);
  }
  throw Error{Code::internal, "unknown validity type"};
}

}  // namespace

Validity resolve_validity(const ValidityRequest& validity, const std::optional<ValidityRequest>& not_before,
                          TimePoint now, const std::optional<Validity>& issuer) {
  const Seconds issued = to_seconds(now);
  if (issuer && issued < issuer->not_before) {
    throw Error{Code::invalid_state,
                "The certificate authority is not in a valid state for issuing certificates: its own "
                "certificate is not valid before " +
                    rfc3339(issuer->not_before)};
  }
  if (not_before && not_before->type != Type::absolute) {
    throw Error{Code::invalid_args, "ValidityNotBefore must be of type ABSOLUTE"};
  }
  const Seconds backdated = issuer ? std::max(issued - kBackdate, issuer->not_before) : issued - kBackdate;
  const Seconds begin = bounded(not_before ? absolute(not_before->value) : backdated);
  const Seconds end = bounded(not_after_of(validity, issued));
  if (end <= issued) {
    refuse("The validity of the certificate ends in the past, at " + rfc3339(end));
  }
  if (end < begin) {
    refuse("The validity of the certificate ends before it begins");
  }
  return {begin, end};
}

}  // namespace ca
