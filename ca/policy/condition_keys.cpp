#include <algorithm>
#include <array>

#include "ca/base/strings.hpp"
#include "ca/policy/condition.hpp"

namespace ca {
namespace {

struct Row {
  std::string_view name;
  KeyType type = KeyType::string;
  bool multivalued = false;
};

constexpr std::array kKeys{
    Row{"acm-pca:TemplateArn", KeyType::arn},
    Row{"aws:CurrentTime", KeyType::date},
    Row{"aws:EpochTime", KeyType::date},
    Row{"aws:PrincipalAccount"},
    Row{"aws:PrincipalArn", KeyType::arn},
    Row{"aws:PrincipalOrgID"},  // no caller of ours has an organization
    Row{"aws:PrincipalType"},
    Row{"aws:RequestedRegion"},
    Row{"aws:ResourceAccount"},
    Row{"aws:SecureTransport", KeyType::boolean},
    Row{"aws:SourceIp", KeyType::ip},
    Row{"aws:TagKeys", KeyType::string, true},
    Row{"aws:username"},
    Row{"chancery:CommonName", KeyType::string, true},
    Row{"chancery:DeviceId"},
    Row{"chancery:SubjectAlternativeNameForms", KeyType::string, true},
    Row{"chancery:SubjectAlternativeNames", KeyType::string, true},
    Row{"chancery:ValidityDays", KeyType::number},
    Row{"sts:ExternalId"},
    Row{"sts:RoleSessionName"},
};
constexpr std::array<std::string_view, 2> kTagKeys{"aws:RequestTag/", "aws:ResourceTag/"};

}  // namespace

std::optional<ConditionKey> find_condition_key(std::string_view name) {
  const std::string lower = ascii_lower(name);
  for (const Row& row : kKeys) {
    if (ascii_lower(row.name) == lower) {
      return ConditionKey{std::string{row.name}, row.type, row.multivalued};
    }
  }
  for (const std::string_view prefix : kTagKeys) {
    if (lower.starts_with(ascii_lower(prefix)) && name.size() > prefix.size()) {
      return ConditionKey{std::string{prefix} + std::string{name.substr(prefix.size())}};
    }
  }
  return std::nullopt;
}

}  // namespace ca
