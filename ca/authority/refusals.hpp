#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ca/audit/event.hpp"
#include "ca/base/clock.hpp"

namespace ca {

// Keeps a caller that is refused again and again from filling the audit log (I16): each principal writes
// kEach refusals a window one by one; the rest of the window becomes one event that says how many there were.
// Thread-safe.
class Refusals {
 public:
  static constexpr std::uint64_t kEach = 60;
  static constexpr std::chrono::seconds kWindow{60};

  // The event to write now; nullopt when it is only counted.
  [[nodiscard]] std::optional<AuditEvent> admit(AuditEvent event, TimePoint now);
  // The summaries of windows that are over.
  [[nodiscard]] std::vector<AuditEvent> due(TimePoint now);

 private:
  struct Window {
    TimePoint begin;
    std::uint64_t written = 0;
    std::uint64_t counted = 0;
    AuditEvent last;  // of the counted ones
  };
  [[nodiscard]] static std::optional<AuditEvent> summary(const Window& window);

  std::mutex mutex_;
  std::map<std::string, Window> windows_;  // by principal: as many as the configuration has
};

}  // namespace ca
