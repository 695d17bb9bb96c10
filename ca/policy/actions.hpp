#pragma once
#include <span>
#include <string_view>

namespace ca {

// What a policy can allow or deny: every operation of the API (AWS Private CA, "Actions, resources, and
// condition keys"), "acm-pca:IssueCertificate". POST /provision asks for the operations that it stands for.
// Those of ours are "chancery:...": GET /certificates and /authority-keys. Static storage.
[[nodiscard]] std::span<const std::string_view> all_actions();

}  // namespace ca
