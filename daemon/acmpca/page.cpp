#include "daemon/acmpca/page.hpp"

#include <algorithm>

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "daemon/acmpca/members.hpp"

namespace acmpca {
namespace {

constexpr std::size_t kDefaultPage = 100;

}  // namespace

nlohmann::json page(const char* member, const std::vector<nlohmann::json>& items,
                    const std::function<std::string(const nlohmann::json&)>& key_of,
                    const nlohmann::json& input) {
  const auto token_of = [&](const nlohmann::json& item) { return ca::to_base64(ca::bytes_of(key_of(item))); };
  auto next = items.begin();
  if (const auto token = optional_string(input, "NextToken")) {
    next =
        std::find_if(items.begin(), items.end(), [&](const auto& item) { return token_of(item) == *token; });
    if (next == items.end()) {
      throw ca::Error{ca::Code::invalid_next_token, "The NextToken is not one that this service gave out"};
    }
    ++next;
  }
  const std::size_t limit = input.value("MaxResults", kDefaultPage);
  const auto end = static_cast<std::size_t>(items.end() - next) > limit
                       ? next + static_cast<std::ptrdiff_t>(limit)
                       : items.end();
  nlohmann::json out{{member, nlohmann::json(std::vector<nlohmann::json>(next, end))}};
  if (end != items.end()) {
    out["NextToken"] = token_of(*(end - 1));
  }
  return out;
}

}  // namespace acmpca
