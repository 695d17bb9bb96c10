#pragma once
#include <nlohmann/json.hpp>
#include <vector>

#include "ca/templates/passthrough.hpp"

// Extensions as the API writes them, encoded. Inputs were checked by their shapes. Pure. Throw
// Code::invalid_args for what no shape can say: one of two members, values that are no names, an id twice.
namespace acmpca {

// Member ApiPassthrough; empty when it is absent.
[[nodiscard]] ca::ApiPassthrough api_passthrough(const nlohmann::json& input);
// Member CsrExtensions of a CertificateAuthorityConfiguration; none when it is absent.
[[nodiscard]] std::vector<ca::Extension> csr_extensions(const nlohmann::json& configuration);

}  // namespace acmpca
