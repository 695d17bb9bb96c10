#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"
#include "daemon/acmpca/page.hpp"

namespace acmpca {

nlohmann::json list_tags(ca::AuthorityService& authorities, const ca::Caller& caller,
                         const nlohmann::json& input) {
  std::vector<nlohmann::json> items;
  for (const ca::Tag& tag : authorities.tags(caller, authority_arn(input))) {
    items.push_back({{"Key", tag.key}, {"Value", tag.value}});
  }
  return page(
      "Tags", items, [](const nlohmann::json& tag) { return tag.at("Key").get<std::string>(); }, input);
}

}  // namespace acmpca
