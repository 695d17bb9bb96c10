#pragma once
#include <array>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(ByteView data);
[[nodiscard]] Sha256 hmac_sha256(ByteView key, ByteView data);
[[nodiscard]] Bytes sha1(ByteView data);  // key identifiers only (RFC 5280, 4.2.1.2)
[[nodiscard]] Bytes sha384(ByteView data);
[[nodiscard]] Bytes sha512(ByteView data);

// Constant time for equal lengths.
[[nodiscard]] bool equal_secrets(ByteView a, ByteView b);

}  // namespace ca
