#pragma once
#include <filesystem>
#include <string>

namespace config {

// What is wrong with a file that holds a secret: it must be there, and nobody but its owner may read it.
// Empty when nothing is. Does not open it.
[[nodiscard]] std::string secret_file_fault(const std::filesystem::path& file);

}  // namespace config
