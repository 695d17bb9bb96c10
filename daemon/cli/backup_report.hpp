#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/backup/manifest.hpp"
#include "daemon/cli/output.hpp"

namespace cli {

// What a backup holds, and every key that the tokens must hold beside it, also where the manifest is of an
// older format and does not name them all.
[[nodiscard]] nlohmann::json backup_json(const backup::Manifest& manifest, const std::string& folder);
void print_backup(const backup::Manifest& manifest, const std::string& folder, Format format);

}  // namespace cli
