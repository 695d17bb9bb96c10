#include "ca/ledger/sqlite/ledger_copy.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <memory>
#include <sqlite3.h>
#include <unistd.h>

#include "ca/audit/merkle.hpp"
#include "ca/base/arn.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/ledger/sqlite/rows.hpp"
#include "ca/ledger/sqlite/schema.hpp"
#include "ca/ledger/sqlite/statement.hpp"

namespace ca {
namespace {

using sqlite::Connection;
using sqlite::Session;
using sqlite::StoreFault;

constexpr int kPagesAtOnce = 1024;  // 4 MiB
// The versions of the file format in its header (SQLite's "Database File Format", 1.3.3): 2 is WAL.
constexpr std::size_t kFormatOffset = 18;
constexpr std::string_view kMagic{"SQLite format 3\0", 16};
// From here on authorities have OCSP keys, and there are CRLs.
constexpr std::int64_t kVersionWithCrls = 4;
// And from here on the places of these are kept.
constexpr std::int64_t kVersionWithPlaces = 5;
// And from here on authorities may have several keys.
constexpr std::int64_t kVersionWithKeys = 6;

[[noreturn]] void unsound(const std::string& copy, const std::string& what) {
  throw Error{Code::invalid_state, copy + ": " + what};
}

// Opening another program's database as a ledger would change its journal mode.
void require_write_ahead_log(const std::string& path) {
  std::array<char, kFormatOffset + 2> header{};
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    throw Error{Code::unavailable, path + ": cannot be read: " + std::strerror(errno)};
  }
  file.read(header.data(), header.size());
  if (!file || std::string_view{header.data(), kMagic.size()} != kMagic || header[kFormatOffset] != 2 ||
      header[kFormatOffset + 1] != 2) {
    throw Error{Code::invalid_request, path + ": is not a ledger"};
  }
}

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

// What piles up unwritten would hold up the fsync of a daemon's commit. Whether it worked is for the caller's
// own sync to say.
void write_out(const std::string& copy) {
  const int file = ::open(copy.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    [[maybe_unused]] const int written = ::fdatasync(file);
    ::close(file);
  }
}

void copy_pages(Session& source, Connection& target, const std::string& copy) {
  // One read transaction around all steps: without it a commit between two steps would start the copy anew.
  source.connection().execute("BEGIN");
  if (!source.query("SELECT 1 FROM audit_head").next()) {
    throw Error{Code::invalid_request, "the ledger was never opened by a daemon: it has no audit log"};
  }
  std::unique_ptr<sqlite3_backup, Finish> backup{
      sqlite3_backup_init(target.handle(), "main", source.connection().handle(), "main")};
  if (!backup) {
    target.fail(sqlite3_extended_errcode(target.handle()), "begin of the copy");
  }
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(backup.get(), kPagesAtOnce);
    write_out(copy);
  }
  const int end = sqlite3_backup_finish(backup.release());
  if (code != SQLITE_DONE || end != SQLITE_OK) {
    target.fail(end != SQLITE_OK ? end : code, "copy");
  }
  source.connection().execute("ROLLBACK");
}

void check_structure(Session& session, const std::string& copy) {
  session.connection().execute("PRAGMA cell_size_check = ON");
  auto rows = session.query("PRAGMA integrity_check(1)");
  if (!rows.next() || rows.text(0) != "ok") {
    unsound(copy, "SQLite finds it damaged: " + rows.text(0));
  }
}

std::int64_t version_of(Session& session, const std::string& copy) {
  if (!session.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'").next()) {
    unsound(copy, "is not a ledger");
  }
  auto row = session.query("SELECT coalesce(max(version), 0) FROM schema_version");
  const std::int64_t version = row.next() ? row.integer(0) : 0;
  if (version < 1) {
    unsound(copy, "is not a ledger");
  }
  if (version > sqlite::kSchemaVersion) {
    unsound(copy, "has schema version " + std::to_string(version) + ", this build knows up to " +
                      std::to_string(sqlite::kSchemaVersion));
  }
  return version;
}

// The type stands behind everything that a caller can write into the line (its keys are sorted), and in texts
// quotation marks are escaped.
std::string_view type_in(std::string_view line) {
  constexpr std::string_view kType = "\"type\":\"";
  const auto at = line.rfind(kType);
  if (at == std::string_view::npos) {
    return {};
  }
  line.remove_prefix(at + kType.size());
  return line.substr(0, line.find('"'));
}

using EventCounts = std::map<std::string, std::uint64_t, std::less<>>;

// Every line from the first on.
EventCounts check_audit_log(Session& session, const std::string& copy, LedgerContents& contents) {
  EventCounts events;
  MerkleFrontier recomputed;
  auto row = session.query("SELECT seq, line, leaf FROM audit ORDER BY seq");
  while (row.next()) {
    if (static_cast<std::uint64_t>(row.integer(0)) != recomputed.size()) {
      unsound(copy, "audit event " + std::to_string(recomputed.size()) + " is missing");
    }
    const std::string line = row.text(1);
    const Sha256 leaf = leaf_hash(line);
    if (!std::ranges::equal(leaf, row.blob(2))) {
      unsound(copy, "the line of audit event " + std::to_string(recomputed.size()) +
                        " has another hash than its leaf");
    }
    recomputed.append(leaf);
    ++events[std::string{type_in(line)}];
  }
  auto head = session.query("SELECT log, size, frontier, last_time FROM audit_head");
  if (!head.next()) {
    unsound(copy, "has no audit head");
  }
  const auto size = static_cast<std::uint64_t>(head.integer(1));
  if (size != recomputed.size()) {
    unsound(copy, "has " + std::to_string(recomputed.size()) + " audit events, its head says " +
                      std::to_string(size));
  }
  if (MerkleFrontier::restore(size, head.blob(2)).root() != recomputed.root()) {
    unsound(copy, "its audit events give another Merkle root than its head");
  }
  contents.node = head.text(0);
  contents.audit_size = size;
  contents.audit_root = recomputed.root();
  contents.last_event_at = sqlite::time_from(head.integer(3));
  return events;
}

std::map<std::string, std::uint64_t> counted(Session& session, std::string_view sql) {
  std::map<std::string, std::uint64_t> counts{{"P", 0}, {"I", 0}, {"F", 0}, {"R", 0}};
  auto row = session.query(sql);
  while (row.next()) {
    counts[row.text(0)] = static_cast<std::uint64_t>(row.integer(1));
  }
  return counts;
}

// I5: rows, counters and events were written together and stay equal.
void check_counts(Session& session, const std::string& copy, const EventCounts& events,
                  InventoryCounts& certificates) {
  auto rows = counted(session, "SELECT state, count(*) FROM certificates GROUP BY state");
  auto counters = counted(session, "SELECT name, value FROM counters");
  if (rows != counters) {
    unsound(copy, "its counters are not what its certificates are");
  }
  certificates = {.pending = rows["P"], .issued = rows["I"], .failed = rows["F"], .revoked = rows["R"]};
  const std::pair<const char*, std::uint64_t> expected[] = {
      {"certificate.pending", rows["P"] + rows["I"] + rows["F"] + rows["R"]},
      {"certificate.issued", rows["I"] + rows["R"]},
      {"certificate.failed", rows["F"]},
      {"certificate.revoked", rows["R"]}};
  for (const auto& [type, count] : expected) {
    const auto found = events.find(type);
    const std::uint64_t told = found == events.end() ? 0 : found->second;
    if (told != count) {
      unsound(copy, "its certificates need " + std::to_string(count) + " audit events " + type + ", it has " +
                        std::to_string(told));
    }
  }
}

// A place that is lost would go stale while certificates name it.
void check_places(Session& session, const std::string& copy) {
  auto row = session.query(
      "SELECT l.name FROM crls l WHERE l.certificates > 0 AND l.last_not_after > "
      "(SELECT coalesce(max(p.last_not_after), 0) FROM crl_places p WHERE p.crl = l.crl)");
  if (row.next()) {
    unsound(copy, "certificates name a place of the CRL " + row.text(0) + " that it does not have");
  }
}

std::string arn_in(const sqlite::Execution& row) {
  return AuthorityArn{row.text(0), row.text(1), row.text(2), row.text(3)}.text();
}

void read_buckets(Session& session, std::vector<AuthorityKeys>& authorities) {
  auto row = session.query(
      "SELECT DISTINCT a.partition, a.region, a.account, a.id, p.bucket FROM crl_places p "
      "JOIN crls l USING (crl) JOIN authorities a USING (authority) WHERE p.bucket <> '' ORDER BY p.bucket");
  while (row.next()) {
    const auto owner = std::ranges::find(authorities, arn_in(row), &AuthorityKeys::arn);
    if (owner != authorities.end()) {
      owner->crl_buckets.push_back(row.text(4));
    }
  }
}

std::string hash_of(const Bytes& spki) { return spki.empty() ? "" : to_hex(sha256(spki)); }

AuthorityKeys::Key read_key(const sqlite::Execution& row, std::string state) {
  return {.number = static_cast<std::uint64_t>(row.integer(6)),
          .state = std::move(state),
          .token = row.text(7),
          .uri = row.text(8),
          .spki_sha256 = hash_of(row.blob(9)),
          .ocsp_uri = row.text(10),
          .ocsp_spki_sha256 = hash_of(row.blob(11))};
}

std::vector<AuthorityKeys> read_keys(Session& session, std::int64_t version) {
  constexpr std::string_view kOld =
      "SELECT partition, region, account, id, status, 0, 1, key_token, key_uri, spki_der, '', x'' "
      "FROM authorities ORDER BY created_at, id";
  constexpr std::string_view kWithCrls =
      "SELECT a.partition, a.region, a.account, a.id, a.status, "
      "(SELECT coalesce(max(l.number), 0) FROM crls l WHERE l.authority = a.authority), "
      "1, a.key_token, a.key_uri, a.spki_der, a.ocsp_key_uri, a.ocsp_spki_der "
      "FROM authorities a ORDER BY a.created_at, a.id";
  constexpr std::string_view kNow =
      "SELECT a.partition, a.region, a.account, a.id, a.status, "
      "(SELECT coalesce(max(l.number), 0) FROM crls l WHERE l.authority = a.authority), "
      "a.key_number, a.key_token, a.key_uri, a.spki_der, a.ocsp_key_uri, a.ocsp_spki_der "
      "FROM authorities a ORDER BY a.created_at, a.id";
  std::vector<AuthorityKeys> authorities;
  auto row = session.query(version < kVersionWithCrls ? kOld : version < kVersionWithKeys ? kWithCrls : kNow);
  while (row.next()) {
    authorities.push_back({.arn = arn_in(row),
                           .status = row.text(4),
                           .active = read_key(row, "active"),
                           .others = {},
                           .crl_number = static_cast<std::uint64_t>(row.integer(5)),
                           .crl_buckets = {}});
  }
  return authorities;
}

void read_other_keys(Session& session, std::vector<AuthorityKeys>& authorities) {
  auto row = session.query(
      "SELECT a.partition, a.region, a.account, a.id, k.retired_at IS NOT NULL, "
      "length(k.certificate_der) > 0, k.number, k.token, k.uri, k.spki_der, k.ocsp_key_uri, k.ocsp_spki_der "
      "FROM authority_keys k JOIN authorities a USING (authority) ORDER BY k.number");
  while (row.next()) {
    const auto owner = std::ranges::find(authorities, arn_in(row), &AuthorityKeys::arn);
    if (owner != authorities.end()) {
      const bool retired = row.integer(4) != 0;
      const bool certified = row.integer(5) != 0;
      owner->others.push_back(read_key(row, retired ? "retired" : certified ? "published" : "prepared"));
    }
  }
}

}  // namespace

void copy_ledger(const std::string& ledger, const std::string& copy) {
  require_write_ahead_log(ledger);
  try {
    Session source{ledger, Connection::Use::read};
    Connection target{copy, Connection::Use::fill};
    copy_pages(source, target, copy);
  } catch (const StoreFault& fault) {
    throw Error{Code::unavailable, fault.what()};
  }
}

LedgerContents examine_ledger_copy(const std::string& copy) {
  try {
    Session session{copy, Connection::Use::still};
    check_structure(session, copy);
    LedgerContents contents;
    contents.schema_version = version_of(session, copy);
    const EventCounts events = check_audit_log(session, copy, contents);
    check_counts(session, copy, events, contents.certificates);
    contents.authorities = read_keys(session, contents.schema_version);
    if (contents.schema_version >= kVersionWithPlaces) {
      check_places(session, copy);
      read_buckets(session, contents.authorities);
    }
    if (contents.schema_version >= kVersionWithKeys) {
      read_other_keys(session, contents.authorities);
    }
    return contents;
  } catch (const StoreFault& fault) {
    unsound(copy, fault.what());
  }
}

}  // namespace ca
