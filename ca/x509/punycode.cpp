#include "ca/x509/punycode.hpp"

#include <cstdint>

namespace ca {
namespace {

// RFC 3492, 5.
constexpr std::uint64_t kBase = 36, kMin = 1, kMax = 26, kSkew = 38, kDamp = 700, kFirstBias = 72,
                        kFirstCode = 0x80;
constexpr std::uint64_t kLastControl = 0x9F, kLastCharacter = 0x10FFFF;
constexpr std::uint64_t kLimit = UINT32_MAX;  // far above what a label of 63 characters needs

int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0' + 26;
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? lower - 'a' : -1;
}

// RFC 3492, 6.1.
std::uint64_t adapted(std::uint64_t delta, std::uint64_t length, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / length;
  std::uint64_t k = 0;
  for (; delta > (kBase - kMin) * kMax / 2; k += kBase) {
    delta /= kBase - kMin;
  }
  return k + (kBase - kMin + 1) * delta / (delta + kSkew);
}

// Adds the generalized variable-length integer at `at` to `sum`, and moves `at` behind it.
bool add_integer(std::string_view digits, std::size_t& at, std::uint64_t bias, std::uint64_t& sum) {
  std::uint64_t weight = 1;
  for (std::uint64_t k = kBase;; k += kBase) {
    const int digit = at < digits.size() ? digit_of(digits[at++]) : -1;
    if (digit < 0) {
      return false;
    }
    sum += static_cast<std::uint64_t>(digit) * weight;
    const std::uint64_t threshold = k <= bias ? kMin : k >= bias + kMax ? kMax : k - bias;
    if (sum > kLimit) {
      return false;
    }
    if (static_cast<std::uint64_t>(digit) < threshold) {
      return true;
    }
    weight *= kBase - threshold;
    if (weight > kLimit) {
      return false;
    }
  }
}

bool is_character(std::uint64_t c) {
  return c > kLastControl && c <= kLastCharacter && (c < 0xD800 || c > 0xDFFF);
}

}  // namespace

bool is_punycode(std::string_view text) {
  const auto delimiter = text.rfind('-');
  const bool has_basic = delimiter != std::string_view::npos && delimiter > 0;
  const std::string_view digits = has_basic ? text.substr(delimiter + 1) : text;
  std::uint64_t length = has_basic ? delimiter : 0;
  std::uint64_t code = kFirstCode, position = 0, bias = kFirstBias;
  for (std::size_t at = 0; at < digits.size();) {
    const std::uint64_t before = position;
    if (!add_integer(digits, at, bias, position)) {
      return false;
    }
    ++length;
    bias = adapted(position - before, length, before == 0);
    code += position / length;
    position = position % length + 1;
    if (!is_character(code)) {
      return false;
    }
  }
  return !digits.empty();
}

}  // namespace ca
