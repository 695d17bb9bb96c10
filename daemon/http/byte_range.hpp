#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace http {

struct ByteRange {
  std::size_t offset = 0;
  std::size_t size = 0;  // 0: what was asked for is not there (416)
};

// The one range of a Range header (RFC 9110, 14.2) over `total` bytes. nullopt for whatever is to be answered
// with the whole: no bytes range, several ranges, a malformed one.
[[nodiscard]] std::optional<ByteRange> byte_range(std::string_view header, std::size_t total);

}  // namespace http
