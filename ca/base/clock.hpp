#pragma once
#include <chrono>
#include <string>

namespace ca {

// Wall-clock instants of records and audit events: UTC, millisecond resolution.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
// Certificate times: whole seconds (RFC 5280, 4.1.2.5).
using Seconds = std::chrono::sys_seconds;
// Deadlines of waits: never wall time.
using Deadline = std::chrono::steady_clock::time_point;

// The only source of wall time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
};

inline Seconds to_seconds(TimePoint time) { return std::chrono::floor<std::chrono::seconds>(time); }

// "2026-11-24T05:06:07.089Z"
std::string rfc3339(TimePoint time);
// "2026-11-24T05:06:07Z"
std::string rfc3339(Seconds time);

}  // namespace ca
