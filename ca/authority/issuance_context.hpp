#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ca/base/clock.hpp"
#include "ca/templates/passthrough.hpp"

namespace ca {

// The condition keys of a certificate that is asked for (docs/policies.md): its names as it would have them,
// after passthrough, and when it would end. `not_after`: absent when it was not asked for in a way that gives
// one; such a request is refused later whatever the policies say.
[[nodiscard]] std::map<std::string, std::vector<std::string>> issuance_context(
    const TemplateArn& template_arn, const Granted& granted, const std::optional<Seconds>& not_after,
    TimePoint now);

}  // namespace ca
