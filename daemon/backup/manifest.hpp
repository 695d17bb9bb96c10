#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "ca/base/digest.hpp"
#include "ca/ledger/sqlite/ledger_copy.hpp"

namespace backup {

inline constexpr std::size_t kMaxManifestBytes = 16UL * 1024 * 1024;  // about 20,000 authorities

// 1 names only the key with which an authority issues; 2 names all that it has.
inline constexpr int kNewestFormat = 2;

// What a backup says about itself.
struct Manifest {
  int format = kNewestFormat;
  std::string taken_at;  // RFC 3339: every commit before it is in the snapshot
  std::uint64_t snapshot_bytes = 0;
  ca::Sha256 snapshot_sha256{};
  ca::LedgerContents ledger;
};

// The one text of a manifest of its format: JSON, sorted keys, indented by two, with the SHA-256 of itself.
[[nodiscard]] std::string text_of(const Manifest& manifest);

// What must be known before the snapshot is opened.
struct Claims {
  int format = kNewestFormat;
  std::string taken_at;
  std::uint64_t snapshot_bytes = 0;
  std::string snapshot_sha256;  // hex
};

// Reads a manifest whose SHA-256 is its own. Throws Code::invalid_state with what is wrong. That the rest of
// it fits the snapshot is for difference() to say.
[[nodiscard]] Claims read_manifest(std::string_view text);

// The first member in which the two manifests differ and both values; empty when they are the same text.
[[nodiscard]] std::string difference(std::string_view claimed, std::string_view found);

}  // namespace backup
