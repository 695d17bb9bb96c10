#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace config {

inline constexpr std::size_t kMaxKeyFileBytes = 65536;

// The octets of a public key that signs a ceremony's transcript: equal ones are the same key, whatever
// comment or certificate is around it. The text is a line of an SSH public key, or a PEM certificate or
// public key. Throws ca::Error that says what is wrong; never repeats what it holds, which may be a private
// key.
[[nodiscard]] std::string signer_key_of(std::string_view text);
// Of a file.
[[nodiscard]] std::string read_signer_key(const std::filesystem::path& file);

}  // namespace config
