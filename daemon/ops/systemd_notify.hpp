#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace ops {

// sd_notify(3): sends "READY=1", "RELOADING=1", "STOPPING=1" or "WATCHDOG=1" to the service manager. Nothing
// happens without NOTIFY_SOCKET. Never throws; the daemon runs the same when nobody listens.
void notify(std::string_view state);

// Half of WATCHDOG_USEC when it is set and meant for this process: how often "WATCHDOG=1" must be sent.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace ops
