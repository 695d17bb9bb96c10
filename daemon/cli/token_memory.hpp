#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace cli {

// What the root's state folder remembers of its token (ceremony.json), so that a token that is not here, and
// shares of another ceremony, are found before a PIN is made or tried. Nothing in it is secret.
struct TokenMemory {
  std::string share_set;     // whose shares restore its PINs; hex
  std::string next_set;      // new shares, which are handed out before their PINs are set; empty: none
  std::string serial;        // once it is initialised
  bool initialised = false;  // false: C_InitToken was about to be called
  bool setting = false;      // the PINs of next_set are being set: some may be
};

// nullopt: the folder remembers none. Throws Failure for a file that is not as it was written.
[[nodiscard]] std::optional<TokenMemory> read_token_memory(const std::filesystem::path& state);
// Makes the folder when it is not there. Durable at return. Throws Failure.
void write_token_memory(const std::filesystem::path& state, const TokenMemory& memory);

}  // namespace cli
