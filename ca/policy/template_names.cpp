#include "ca/policy/template_names.hpp"

#include <algorithm>
#include <array>

#include "ca/base/arn.hpp"
#include "ca/base/strings.hpp"

namespace ca {
namespace {

constexpr std::array<std::string_view, 61> kNames{
    "EndEntityCertificate",
    "EndEntityCertificate_CSRPassthrough",
    "EndEntityCertificate_APIPassthrough",
    "EndEntityCertificate_APICSRPassthrough",
    "EndEntityClientAuthCertificate",
    "EndEntityClientAuthCertificate_CSRPassthrough",
    "EndEntityClientAuthCertificate_APIPassthrough",
    "EndEntityClientAuthCertificate_APICSRPassthrough",
    "EndEntityServerAuthCertificate",
    "EndEntityServerAuthCertificate_CSRPassthrough",
    "EndEntityServerAuthCertificate_APIPassthrough",
    "EndEntityServerAuthCertificate_APICSRPassthrough",
    "CodeSigningCertificate",
    "CodeSigningCertificate_CSRPassthrough",
    "CodeSigningCertificate_APIPassthrough",
    "CodeSigningCertificate_APICSRPassthrough",
    "OCSPSigningCertificate",
    "OCSPSigningCertificate_CSRPassthrough",
    "OCSPSigningCertificate_APIPassthrough",
    "OCSPSigningCertificate_APICSRPassthrough",
    "BlankEndEntityCertificate_CSRPassthrough",
    "BlankEndEntityCertificate_APIPassthrough",
    "BlankEndEntityCertificate_APICSRPassthrough",
    "BlankEndEntityCertificate_CriticalBasicConstraints_CSRPassthrough",
    "BlankEndEntityCertificate_CriticalBasicConstraints_APIPassthrough",
    "BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough",
    "RootCACertificate",
    "RootCACertificate_APIPassthrough",
    "BlankRootCACertificate_APIPassthrough",
    "BlankRootCACertificate_PathLen0_APIPassthrough",
    "BlankRootCACertificate_PathLen1_APIPassthrough",
    "BlankRootCACertificate_PathLen2_APIPassthrough",
    "BlankRootCACertificate_PathLen3_APIPassthrough",
    "SubordinateCACertificate_PathLen0",
    "SubordinateCACertificate_PathLen0_CSRPassthrough",
    "SubordinateCACertificate_PathLen0_APIPassthrough",
    "SubordinateCACertificate_PathLen0_APICSRPassthrough",
    "SubordinateCACertificate_PathLen1",
    "SubordinateCACertificate_PathLen1_CSRPassthrough",
    "SubordinateCACertificate_PathLen1_APIPassthrough",
    "SubordinateCACertificate_PathLen1_APICSRPassthrough",
    "SubordinateCACertificate_PathLen2",
    "SubordinateCACertificate_PathLen2_CSRPassthrough",
    "SubordinateCACertificate_PathLen2_APIPassthrough",
    "SubordinateCACertificate_PathLen2_APICSRPassthrough",
    "SubordinateCACertificate_PathLen3",
    "SubordinateCACertificate_PathLen3_CSRPassthrough",
    "SubordinateCACertificate_PathLen3_APIPassthrough",
    "SubordinateCACertificate_PathLen3_APICSRPassthrough",
    "BlankSubordinateCACertificate_PathLen0_CSRPassthrough",
    "BlankSubordinateCACertificate_PathLen0_APIPassthrough",
    "BlankSubordinateCACertificate_PathLen0_APICSRPassthrough",
    "BlankSubordinateCACertificate_PathLen1_CSRPassthrough",
    "BlankSubordinateCACertificate_PathLen1_APIPassthrough",
    "BlankSubordinateCACertificate_PathLen1_APICSRPassthrough",
    "BlankSubordinateCACertificate_PathLen2_CSRPassthrough",
    "BlankSubordinateCACertificate_PathLen2_APIPassthrough",
    "BlankSubordinateCACertificate_PathLen2_APICSRPassthrough",
    "BlankSubordinateCACertificate_PathLen3_CSRPassthrough",
    "BlankSubordinateCACertificate_PathLen3_APIPassthrough",
    "BlankSubordinateCACertificate_PathLen3_APICSRPassthrough",
};

// Partitions that a value may mean: AWS's, and the one that it spells out, because a configuration may have
// any.
std::vector<std::string> partitions_in(const std::string& value) {
  std::vector<std::string> partitions{"aws", "aws-cn", "aws-us-gov"};
  const auto parts = split(value, ':');
  if (parts.size() > 1 && parts[1].find_first_of("*?") == std::string::npos) {
    partitions = {parts[1]};
  }
  return partitions;
}

}  // namespace

std::span<const std::string_view> all_template_names() { return kNames; }

bool speaks_of_a_template(const Condition& condition, const std::string& value) {
  Condition plain;
  plain.comparison = condition.comparison;
  plain.values = {value};
  const auto partitions = partitions_in(value);
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
    return std::any_of(partitions.begin(), partitions.end(), [&](const std::string& partition) {
      return holds(plain, true, {TemplateArn{partition, std::string{name}}.text()});
    });
  });
}

}  // namespace ca
