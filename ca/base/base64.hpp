#pragma once
#include <string>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

// RFC 4648, section 4, with padding, no line breaks.
[[nodiscard]] std::string to_base64(ByteView bytes);
// Strict: standard alphabet, correct padding, no white space, canonical trailing bits.
// Throws Code::malformed_request.
[[nodiscard]] Bytes from_base64(std::string_view text);

}  // namespace ca
