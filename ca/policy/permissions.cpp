#include "ca/policy/permissions.hpp"

#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"

namespace ca {

using nlohmann::json;

std::string policy_of(const Permission& permission, const std::string& authority_arn) {
  json actions = json::array();
  for (const std::string& action : permission.actions) {
    actions.push_back("acm-pca:" + action);
  }
  const json statement{{"Effect", "Allow"},
                       {"Principal", {{"Service", permission.principal}}},
                       {"Action", actions},
                       {"Resource", authority_arn},
                       {"Condition", {{"StringEquals", {{"aws:SourceAccount", permission.source_account}}}}}};
  return json{{"Version", "2012-10-17"}, {"Statement", {statement}}}.dump();
}

std::string permissions_json(const std::vector<Permission>& permissions) {
  json list = json::array();
  for (const Permission& permission : permissions) {
    list.push_back({{"Principal", permission.principal},
                    {"SourceAccount", permission.source_account},
                    {"Actions", permission.actions},
                    {"CreatedAt", permission.created_at_ms}});
  }
  return list.dump();
}

std::vector<Permission> parse_permissions(std::string_view text) {
  std::vector<Permission> permissions;
  try {
    for (const json& one : json::parse(text)) {
      permissions.push_back(
          {one.at("Principal"), one.at("SourceAccount"), one.at("Actions"), one.at("CreatedAt")});
    }
  } catch (const json::exception&) {
    throw Error{Code::internal, "the stored permissions of an authority cannot be read"};
  }
  return permissions;
}

}  // namespace ca
