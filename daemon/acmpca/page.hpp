#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace acmpca {

// One page of a short list: at most MaxResults of the items that stand behind the one which NextToken names.
// `key_of` gives each item its unique key, which the token holds. {"<member>": [...], "NextToken": "..."}.
// Pure. Throws Code::invalid_next_token for a token that names none of the items.
[[nodiscard]] nlohmann::json page(const char* member, const std::vector<nlohmann::json>& items,
                                  const std::function<std::string(const nlohmann::json&)>& key_of,
                                  const nlohmann::json& input);

}  // namespace acmpca
