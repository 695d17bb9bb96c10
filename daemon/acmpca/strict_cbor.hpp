#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace acmpca {

// RFC 8949 without its freedoms, as parse_object() reads JSON: one map with text keys, UTF-8, no duplicate
// names, no NUL, no tags, no more than kMaxJsonDepth levels, nothing behind it. Definite and indefinite
// lengths; byte strings become nlohmann's binary values, numbers that are whole become integers however they
// are written, undefined is null. Pure. Throws ca::Code::malformed_request.
[[nodiscard]] nlohmann::json parse_cbor_object(std::string_view bytes);

// The same value in definite lengths. Numbers of members that the API calls timestamps (CreatedAt,
// NotAfter, ...) are tagged as points in time. Pure.
[[nodiscard]] std::string to_cbor(const nlohmann::json& value);

}  // namespace acmpca
