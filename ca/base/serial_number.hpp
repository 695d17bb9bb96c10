#pragma once
#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace ca {

// A certificate's serial: 128 random bits, at least 2^120 so that its hex form is always 32 digits (I2).
// Immutable value.
class SerialNumber {
 public:
  static constexpr std::size_t kBytes = 16;

  // From the operating system's generator through OpenSSL. Throws Code::internal when it fails.
  [[nodiscard]] static SerialNumber random();
  // Exactly 16 bytes, big-endian. Throws Code::invalid_request.
  [[nodiscard]] static SerialNumber from_bytes(ByteView bytes);
  // From the contents of an INTEGER that another has encoded, of any length and sign; nullopt when no
  // certificate of ours has that number: it is negative or has more than 128 bits.
  [[nodiscard]] static std::optional<SerialNumber> from_integer(ByteView contents);
  // Accepts colon pairs, upper or lower case, odd digit counts and missing leading zeros
  // (Terraform writes %x). At most 32 significant digits. Throws Code::invalid_request.
  [[nodiscard]] static SerialNumber from_hex(std::string_view text);

  [[nodiscard]] ByteView bytes() const { return bytes_; }
  // 32 lower-case digits: the form of a CertificateArn.
  [[nodiscard]] std::string hex() const;
  // "1a:2b:...", 16 lower-case pairs: the form of inventory and audit reports.
  [[nodiscard]] std::string colon_hex() const;

  friend auto operator<=>(const SerialNumber&, const SerialNumber&) = default;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

}  // namespace ca
