#pragma once
#include "config/document.hpp"
#include "config/options.hpp"

namespace config {

// One entry of `trust_bundles`: reads its files. Each holds one certificate or more, self-signed authorities
// all of them: a relying party believes whatever stands in a bundle.
void read_trust_bundle(Mapping& map, std::vector<TrustBundleOptions>& bundles);

}  // namespace config
