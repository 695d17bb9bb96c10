#include "daemon/http/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace http {
namespace {

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

}  // namespace

std::optional<ByteRange> byte_range(std::string_view header, std::size_t total) {
  static constexpr std::string_view kUnit = "bytes=";
  const auto dash = header.find('-');
  if (!header.starts_with(kUnit) || dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto first_text = header.substr(kUnit.size(), dash - kUnit.size());
  const auto last_text = header.substr(dash + 1);
  const auto last = number(last_text);
  if (first_text.empty()) {
    if (!last) {
      return std::nullopt;
    }
    const std::size_t size = std::min(*last, total);
    return ByteRange{total - size, size};
  }
  const auto first = number(first_text);
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) {
    return std::nullopt;
  }
  if (*first >= total) {
    return ByteRange{0, 0};
  }
  return ByteRange{*first, std::min(last.value_or(total - 1), total - 1) - *first + 1};
}

}  // namespace http
