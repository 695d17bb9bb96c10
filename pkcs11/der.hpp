#pragma once
#include <optional>

#include "pkcs11/bytes.hpp"

// The few DER forms (X.690) that stand between a token and X.509. Pure.
namespace pkcs11::der {

inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kObjectIdentifier = 0x06;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kSequence = 0x30;

void append(Bytes& out, ByteView more);
[[nodiscard]] Bytes wrapped(std::uint8_t tag, ByteView contents);
// INTEGER of a big-endian unsigned number: shortest form, a zero byte before a set high bit (X.690, 8.3).
[[nodiscard]] Bytes unsigned_integer(ByteView big_endian);
// The contents when `encoded` is exactly one element with this tag in definite, shortest length.
[[nodiscard]] std::optional<ByteView> contents_of(std::uint8_t tag, ByteView encoded);

}  // namespace pkcs11::der
