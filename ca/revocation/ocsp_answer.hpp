#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ca/base/bytes.hpp"
#include "ca/base/clock.hpp"

namespace ca {

enum class OcspResult { good, revoked, unknown, malformed, unauthorized, try_later, internal_error };
inline constexpr std::array kOcspResults{
    OcspResult::good,         OcspResult::revoked,   OcspResult::unknown,       OcspResult::malformed,
    OcspResult::unauthorized, OcspResult::try_later, OcspResult::internal_error};

[[nodiscard]] std::string_view name_of(OcspResult result);  // "try_later"

// One OCSPResponse. A value that many share.
struct OcspAnswer {
  OcspResult result =
      OcspResult::internal_error;  // of several certificates: revoked before unknown before good
  Bytes der;
  // Only when others may keep it too (RFC 5019, 6): signed, about one certificate that was issued, no nonce.
  struct Freshness {
    Seconds this_update;
    Seconds next_update;
    std::string etag;  // hex
  };
  std::optional<Freshness> freshness;
};
using SharedOcspAnswer = std::shared_ptr<const OcspAnswer>;

}  // namespace ca
