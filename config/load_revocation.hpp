#pragma once
#include "config/document.hpp"
#include "config/options.hpp"

namespace config {

// The section `revocation`. `status` gives the default of `url`, whether or not the section is there.
void read_revocation(Mapping& map, RevocationOptions& revocation);
void settle_status_url(RevocationOptions& revocation, const ListenerOptions& status);

}  // namespace config
