#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace config {

// "250ms", "1s", "5m", "24h", "90d": a whole number and its unit, nothing else. nullopt when it is not that,
// or too large.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "512B", "64KiB", "1MiB", "2GiB": a whole number and its unit. nullopt when it is not that, or too large.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

// Decimal digits only, no sign, no leading zeros.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace config
