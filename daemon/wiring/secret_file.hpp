#pragma once
#include <filesystem>
#include <memory>

#include "ca/base/secret_bytes.hpp"

namespace wiring {

// The file's one line in locked memory; no other copy of it stays (I18). Throws Code::unavailable with the
// file's name.
[[nodiscard]] std::shared_ptr<const ca::SecretBytes> read_secret(const std::filesystem::path& file);

}  // namespace wiring
