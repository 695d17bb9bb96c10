#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/secret_bytes.hpp"

// Shamir's secret sharing of a token's PINs among custodians; the arithmetic is libgfshare's (decision 010).
namespace ceremony {

inline constexpr unsigned kMinThreshold = 2;  // with one share there would be nothing to share
inline constexpr unsigned kMaxCustodians = 16;
inline constexpr std::size_t kMaxSecretBytes = 256;
inline constexpr std::size_t kMaxShareTextBytes = 8192;

// What the shares of one splitting have in common, so that shares of another ceremony are told apart and a
// wrong result is never tried on a token.
struct ShareSet {
  std::array<std::uint8_t, 8> id{};     // random
  std::array<std::uint8_t, 8> proof{};  // begin of SHA-256 over id, threshold, count and the secret
  unsigned threshold = 0;               // so many restore the secret
  unsigned count = 0;

  friend bool operator==(const ShareSet&, const ShareSet&) = default;
};

// One custodian's part. Alone, and with fewer than `threshold` in all, it says nothing about the secret.
//
// Its text is what stands in the file, on the printed sheet and in the QR image:
//   chancery share, version 1
//   set    3f2a 91bc 0d11 77e0
//   share  2 of 5, any 3 restore
//   proof  8c01 22fe 9f00 1234
//   1  0123 4567 89ab cdef  c1c1       eight octets, and the check value of this line
//   ...
//   check  9f3c 11d2                   over all of it
struct Share {
  ShareSet set;
  unsigned number = 0;  // 1 to set.count
  ca::SecretBytes body;

  // Lines that begin with '#' and empty lines are for people; upper case and the number of spaces do not
  // matter. Throws ca::Error{malformed_request} naming the line that is wrong; never repeats what it holds.
  [[nodiscard]] static Share parse(std::string_view text);
  // The lines of `heading` become comments. Ends with a newline.
  [[nodiscard]] ca::SecretBytes text(std::string_view heading) const;
  // What its last line says, "9f3c 11d2": to be compared by eye. It says nothing of the secret.
  [[nodiscard]] std::string check_value() const;
  // SHA-256 in hex over text(""): of its lines without headings, so that a sheet that was typed is compared
  // with the file that was written. It says nothing of the secret either.
  [[nodiscard]] std::string digest() const;
};

// Every call gives other shares. Throws ca::Error{invalid_args} for numbers out of bounds.
[[nodiscard]] std::vector<Share> split(ca::ByteView secret, unsigned threshold, unsigned count);

// Throws ca::Error{invalid_args} for shares that are not different ones of one ceremony.
void check_fit(std::span<const Share> shares);
// The secret, which is the one that was split; every share that is given was made with it. Throws
// ca::Error{invalid_args} that tells too few, the same share twice, shares of another ceremony, and shares
// that were changed apart; what is wrong, not the shares.
[[nodiscard]] ca::SecretBytes combine(std::span<const Share> shares);

// Printable, six bits a character, from the system's generator.
[[nodiscard]] ca::SecretBytes random_pin(std::size_t characters);

// "3f2a 91bc 0d11": to be read aloud.
[[nodiscard]] std::string in_groups(std::string_view hex);

}  // namespace ceremony
