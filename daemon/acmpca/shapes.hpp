#pragma once
#include <climits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace acmpca {

struct Shape;

struct Member {
  std::string_view name;
  const Shape* shape;
  bool required = false;
};

// One shape of the API model with its constraints. Constant data.
struct Shape {
  enum class Kind { string, blob, integer, boolean, structure, list };
  Kind kind = Kind::string;
  // string: characters (Unicode code points); blob: bytes after base64; list: items; integer: the value.
  long min = LONG_MIN;
  long max = LONG_MAX;
  std::string_view pattern{};  // as the API model writes it, for the message
  bool (*matches)(std::string_view) = nullptr;
  std::span<const std::string_view> values{};  // enum; empty: any
  std::span<const Member> members{};
  const Shape* element = nullptr;
};

// The members of `input` that `shape` knows, checked; null members count as absent, unknown ones are left
// out. Pure. Throws Code::malformed_request for a member of the wrong JSON type or bad base64, and
// Code::constraint_violation with every violation in AWS's words:
// "1 validation error detected: Value '...' at 'validity.value' failed to satisfy constraint: Member must
// ...". At most kMaxViolations are worded, each with at most kMaxEchoedBytes of the value.
inline constexpr std::size_t kMaxViolations = 20;
inline constexpr std::size_t kMaxEchoedBytes = 256;
// Blobs are text in base64, or binary values that come out as such text.
enum class Blobs { base64, bytes };
[[nodiscard]] nlohmann::json checked(const Shape& shape, const nlohmann::json& input,
                                     Blobs blobs = Blobs::base64);

}  // namespace acmpca
