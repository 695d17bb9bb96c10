#include "daemon/backup/backup_folder.hpp"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/ledger/sqlite/file_lock.hpp"
#include "daemon/backup/private_file.hpp"

namespace backup {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void unfit(const std::string& what) { throw ca::Error{ca::Code::invalid_state, what}; }

bool is_taken(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

std::string read_manifest_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    throw ca::Error{ca::Code::resource_not_found,
                    path.string() + ": cannot be read: this is no whole backup"};
  }
  std::string text(kMaxManifestBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void require_same_bytes(const Claims& claims, const FileDigest& found) {
  if (found.bytes != claims.snapshot_bytes) {
    unfit("the snapshot has " + std::to_string(found.bytes) + " bytes, the manifest says " +
          std::to_string(claims.snapshot_bytes));
  }
  if (ca::to_hex(found.sha256) != claims.snapshot_sha256) {
    unfit("the snapshot has the SHA-256 " + ca::to_hex(found.sha256) + ", the manifest says " +
          claims.snapshot_sha256);
  }
}

// What the manifest says against what a copy of the snapshot with that digest holds.
Manifest compared(const std::string& text, const Claims& claims, const FileDigest& digest,
                  const fs::path& copy) {
  Manifest manifest{.format = claims.format,
                    .taken_at = claims.taken_at,
                    .snapshot_bytes = digest.bytes,
                    .snapshot_sha256 = digest.sha256,
                    .ledger = ca::examine_ledger_copy(copy.string())};
  if (const std::string wrong = difference(text, text_of(manifest)); !wrong.empty()) {
    unfit("the manifest does not fit the snapshot: " + wrong);
  }
  return manifest;
}

// A ledger that root owns is one that the daemon cannot open.
void require_owner(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) {
    ca::fail_file("stat", folder);
  }
  if (status.st_uid != ::geteuid()) {
    throw ca::Error{ca::Code::access_denied, folder.string() + " belongs to user " +
                                                 std::to_string(status.st_uid) + ", this is user " +
                                                 std::to_string(::geteuid()) +
                                                 ": restore as the user whom the daemon runs as"};
  }
}

void require_free(const fs::path& ledger) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    const std::string path = ledger.string() + suffix;
    if (is_taken(path)) {
      throw ca::Error{ca::Code::conflict, path + " exists: nothing is ever written over a ledger"};
    }
  }
}

}  // namespace

Manifest make(const fs::path& ledger, const fs::path& to, const ca::Clock& clock) {
  // "name/" is "name".
  const fs::path folder = to.has_filename() ? to : to.parent_path();
  if (is_taken(folder)) {
    throw ca::Error{ca::Code::conflict, folder.string() + " exists: nothing is ever written over a backup"};
  }
  Draft draft{folder, Draft::Kind::folder};
  const fs::path snapshot = draft.path() / kSnapshotName;
  make_file(snapshot);
  Manifest manifest{.taken_at = ca::rfc3339(clock.now())};
  ca::copy_ledger(ledger.string(), snapshot.string());
  sync_file(snapshot);
  const FileDigest digest = digest_of(snapshot);
  manifest.snapshot_bytes = digest.bytes;
  manifest.snapshot_sha256 = digest.sha256;
  manifest.ledger = ca::examine_ledger_copy(snapshot.string());
  write_file(draft.path() / kManifestName, text_of(manifest));
  sync_folder(draft.path());
  draft.keep();
  return manifest;
}

Manifest verify(const fs::path& folder) {
  const std::string text = read_manifest_file(folder / kManifestName);
  const Claims claims = read_manifest(text);
  const fs::path snapshot = folder / kSnapshotName;
  const FileDigest digest = digest_of(snapshot);
  require_same_bytes(claims, digest);
  return compared(text, claims, digest, snapshot);
}

Manifest restore(const fs::path& folder, const fs::path& ledger,
                 const std::function<void(const fs::path& copy)>& prepare) {
  const std::string text = read_manifest_file(folder / kManifestName);
  const Claims claims = read_manifest(text);
  const fs::path snapshot = folder / kSnapshotName;
  require_same_bytes(claims, digest_of(snapshot));
  require_owner(folder_of(ledger));
  ca::sqlite::FileLock lock{ledger.string() + ".lock"};
  require_free(ledger);
  // From here on a daemon that finds no ledger here refuses to begin an empty one, which would forget all.
  lock.mark();
  sync_file(ledger.string() + ".lock");
  sync_folder(folder_of(ledger));
  Draft draft{ledger, Draft::Kind::file};
  const FileDigest digest = copy_content(snapshot, draft.path());
  require_same_bytes(claims, digest);
  Manifest manifest = compared(text, claims, digest, draft.path());
  prepare(draft.path());
  sync_file(draft.path());
  draft.keep();
  return manifest;
}

}  // namespace backup
