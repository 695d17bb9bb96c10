#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ca {

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string ascii_lower(std::string_view text);
// IAM StringLike: '*' any run of bytes, '?' any one byte; no recursion, at most pattern x text steps.
[[nodiscard]] bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace ca
