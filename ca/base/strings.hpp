#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ca {

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string ascii_lower(std::string_view text);
// IAM StringLike: '*' any run, '?' any one character; linear time, no recursion.
[[nodiscard]] bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace ca
