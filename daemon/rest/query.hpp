#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rest {

// The names and values of a query (RFC 3986, 3.4), decoded, in order; '+' stands for itself, as in the
// signature. Each name must be one of `known`, and there once, but for `repeatable`; no value may be empty or
// hold NUL. Throws Code::constraint_violation. Pure.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_query(
    std::string_view query, std::span<const std::string_view> known, std::string_view repeatable = {});

}  // namespace rest
