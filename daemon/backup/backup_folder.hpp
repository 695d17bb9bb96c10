#pragma once
#include <filesystem>
#include <functional>

#include "ca/base/clock.hpp"
#include "daemon/backup/manifest.hpp"

// A backup is a folder of two files: the snapshot of the ledger and its manifest.
namespace backup {

inline constexpr const char* kSnapshotName = "ledger.db";
inline constexpr const char* kManifestName = "manifest.json";

// Copies the ledger as it is at one commit, checks the copy and puts it with its manifest at `folder`, which
// must not exist: both are durable, and appear together, when it returns. A daemon may be using the ledger.
// Throws ca::Error; then nothing is left at `folder`.
[[nodiscard]] Manifest make(const std::filesystem::path& ledger, const std::filesystem::path& folder,
                            const ca::Clock& clock);

// Reads all of a backup and says what it holds. Nothing is written. Throws Code::invalid_state with what does
// not fit, other codes when it cannot be read.
[[nodiscard]] Manifest verify(const std::filesystem::path& folder);

// Verifies the backup, then puts a copy of the snapshot at `ledger`, whose name must be free, in one step and
// durably; the copy is what is examined. No daemon can have that ledger open at the same time. Throws
// ca::Error (Code::conflict: something of a ledger is there already); then no ledger is at that name. Killed
// at any moment it leaves no ledger, or all of it; and no daemon begins an empty one at that name. `prepare`
// is called with the copy when that was found whole, before anything is at `ledger`; what it throws ends the
// restore.
[[nodiscard]] Manifest restore(const std::filesystem::path& folder, const std::filesystem::path& ledger,
                               const std::function<void(const std::filesystem::path& copy)>& prepare);

}  // namespace backup
