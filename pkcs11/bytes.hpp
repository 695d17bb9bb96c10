#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace pkcs11 {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
// Every wait in this layer ends at one.
using Deadline = std::chrono::steady_clock::time_point;

}  // namespace pkcs11
