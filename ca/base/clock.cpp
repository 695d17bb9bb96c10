#include "ca/base/clock.hpp"

#include <array>
#include <cstdio>

namespace ca {
namespace {

struct CalendarTime {
  int year;
  unsigned month, day;
  int hour, minute, second;
};

CalendarTime calendar_of(Seconds time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{time - midnight};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

std::string without_zone(Seconds time) {
  const CalendarTime t = calendar_of(time);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", t.year, t.month, t.day, t.hour,
                t.minute, t.second);
  return text.data();
}

}  // namespace

TimePoint SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string rfc3339(TimePoint time) {
  const Seconds whole = to_seconds(time);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>((time - whole).count()));
  return without_zone(whole) + fraction.data();
}

std::string rfc3339(Seconds time) { return without_zone(time) + "Z"; }

}  // namespace ca
