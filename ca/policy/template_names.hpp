#pragma once
#include <span>
#include <string>
#include <string_view>

#include "ca/policy/condition.hpp"

namespace ca {

// What a policy can name with acm-pca:TemplateArn: the names of all templates, "EndEntityCertificate". Static
// storage. A table of its own, because the templates themselves are no business of policies; a test of theirs
// holds both together.
[[nodiscard]] std::span<const std::string_view> all_template_names();

// Whether a condition with this value could hold for the ARN of some template, in any partition; what the
// condition negates is looked at as if it did not.
[[nodiscard]] bool speaks_of_a_template(const Condition& condition, const std::string& value);

}  // namespace ca
