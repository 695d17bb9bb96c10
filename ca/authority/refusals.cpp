#include "ca/authority/refusals.hpp"

namespace ca {

std::optional<AuditEvent> Refusals::admit(AuditEvent event, TimePoint now) {
  const std::lock_guard lock{mutex_};
  const auto [place, fresh] = windows_.try_emplace(event.principal, Window{now, 0, 0, {}});
  Window& window = place->second;
  // A summary that is due waits for due(): it must not be lost in a new window.
  if (!fresh && window.counted == 0 && now - window.begin >= kWindow) {
    window = Window{now, 0, 0, {}};
  }
  if (window.written < kEach) {
    ++window.written;
    return event;
  }
  ++window.counted;
  window.last = std::move(event);
  return std::nullopt;
}

std::vector<AuditEvent> Refusals::due(TimePoint now) {
  std::vector<AuditEvent> events;
  const std::lock_guard lock{mutex_};
  for (auto place = windows_.begin(); place != windows_.end();) {
    const Window& window = place->second;
    if (now - window.begin < kWindow && now >= window.begin) {
      ++place;
      continue;
    }
    if (auto event = summary(window)) {
      events.push_back(*std::move(event));
    }
    place = windows_.erase(place);
  }
  return events;
}

std::optional<AuditEvent> Refusals::summary(const Window& window) {
  if (window.counted == 0) {
    return std::nullopt;
  }
  AuditEvent event = window.last;
  event.type = "requests.refused";
  event.detail["count"] = std::to_string(window.counted);
  return event;
}

}  // namespace ca
