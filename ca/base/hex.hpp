#pragma once
#include <string>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

// Lower-case hex.
[[nodiscard]] std::string to_hex(ByteView bytes);
// Strict: even number of hex digits of either case. Throws Code::malformed_request.
[[nodiscard]] Bytes from_hex(std::string_view text);

}  // namespace ca
