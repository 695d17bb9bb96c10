#pragma once
#include <string>
#include <vector>

#include "config/options.hpp"
#include "config/principals.hpp"

namespace wiring {

// What is wrong with the files that the configuration names and a start needs: the TLS certificate, its key,
// whether they fit, the client CA, the secrets of the access keys and of the buckets. Reads them as the start
// does and keeps nothing; each problem names its file. Empty when all can be used.
[[nodiscard]] std::vector<std::string> problems_of_named_files(const config::Options& options,
                                                               const config::PrincipalsFile& principals);

}  // namespace wiring
