#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

namespace acmpca {

inline constexpr int kMaxJsonDepth = 32;  // the deepest shape of the API needs 8

// RFC 8259 without its freedoms: one object, UTF-8, no duplicate names, no NUL in any form, no more than
// kMaxJsonDepth levels. An empty text is no object. Pure. Throws ca::Code::malformed_request.
[[nodiscard]] nlohmann::json parse_object(std::string_view text);

// Whether a Content-Type header is the type, in lower case (parameters are allowed and ignored).
[[nodiscard]] bool is_media_type(std::string_view content_type, std::string_view type);
// application/x-amz-json-1.1
[[nodiscard]] bool is_amz_json(std::string_view content_type);

}  // namespace acmpca
