#include "config/scalars.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace config {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

// The largest value that fits the signed clocks behind it.
constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

template <std::size_t N>
std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) {
    return std::nullopt;
  }
  const auto count = parse_number(text.substr(0, digits));
  for (const auto& [name, factor] : units) {
    if (count && text.substr(digits) == name && *count <= kMax / factor) {
      return *count * factor;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos ||
      (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const auto value = with_unit(text, kUnits);
  return value ? std::optional{std::chrono::milliseconds{static_cast<std::int64_t>(*value)}} : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 4> kUnits{
      {{"B", 1}, {"KiB", 1024}, {"MiB", 1024ULL * 1024}, {"GiB", 1024ULL * 1024 * 1024}}};
  return with_unit(text, kUnits);
}

}  // namespace config
