#pragma once
#include <span>

#include "ca/base/bytes.hpp"

namespace ca {

// From OpenSSL's generator, which the kernel seeds. Throws Code::internal when it has no randomness: nothing
// that needs any may go on.
void fill_random(std::span<std::uint8_t> bytes);
[[nodiscard]] Bytes random_bytes(std::size_t count);

}  // namespace ca
