#include "ca/ledger/sqlite/audit_tail.hpp"

#include <algorithm>

#include "ca/ledger/sqlite/rows.hpp"

namespace ca::sqlite {
namespace {

// The base follows the head at this distance: a start-up hashes at most this many lines and one batch.
constexpr std::uint64_t kBaseDistance = 2048;

constexpr std::string_view kHead =
    "SELECT log, size, frontier, base_size, base_frontier, last_time, commits FROM audit_head";

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw StoreFault{SQLITE_CORRUPT, path + ": the audit log does not fit its stored head: " + what +
                                       ". The file was changed from outside or is damaged: restore it from a "
                                       "backup; nothing is issued from it"};
}

}  // namespace

AuditTail AuditTail::load(Session& session, const std::string& path, const std::string& node) {
  session.run(
      "INSERT INTO audit_head (only, log, size, frontier, base_size, base_frontier, last_time, commits, "
      "settled) "
      "VALUES (1, ?1, 0, x'', 0, x'', 0, 0, 0) ON CONFLICT DO NOTHING",
      node);
  auto row = session.query(kHead);
  if (!row.next()) {
    throw StoreFault{SQLITE_CORRUPT, path + ": the store has no audit head"};
  }
  AuditTail tail;
  tail.log_ = row.text(0);
  if (tail.log_ != node) {
    throw StoreFault{SQLITE_MISUSE, path + ": the store holds the audit log of node " + tail.log_ +
                                        ", this daemon is node " + node + ": correct the name of the node"};
  }
  try {
    tail.head_ = MerkleFrontier::restore(static_cast<std::uint64_t>(row.integer(1)), row.blob(2));
    tail.base_ = MerkleFrontier::restore(static_cast<std::uint64_t>(row.integer(3)), row.blob(4));
  } catch (const Error& error) {
    damaged(path, error.what());
  }
  tail.last_time_ = time_from(row.integer(5));
  tail.commits_ = static_cast<std::uint64_t>(row.integer(6));
  return tail;
}

TimePoint AuditTail::time_at(TimePoint now) const { return std::max(now, last_time_); }

void AuditTail::append(Session& session, const AuditEvent& event, TimePoint time) {
  if (head_.size() - base_.size() >= kBaseDistance) {
    base_ = head_;
  }
  const std::string line = canonical_line(event, {.log = log_, .seq = head_.size(), .time = time});
  const Sha256 leaf = leaf_hash(line);
  session.run("INSERT INTO audit (seq, line, leaf) VALUES (?1, ?2, ?3)",
              static_cast<std::int64_t>(head_.size()), line, leaf);
  head_.append(leaf);
  last_time_ = time;
}

void AuditTail::write_head(Session& session) {
  ++commits_;
  session.run(
      "UPDATE audit_head SET size = ?1, frontier = ?2, base_size = ?3, base_frontier = ?4, last_time = ?5, "
      "commits = ?6",
      static_cast<std::int64_t>(head_.size()), head_.stored(), static_cast<std::int64_t>(base_.size()),
      base_.stored(), stored(last_time_), static_cast<std::int64_t>(commits_));
}

void AuditTail::check(Session& session, const std::string& path) const {
  auto last = session.query("SELECT coalesce(max(seq) + 1, 0) FROM audit");
  const auto size = last.next() ? static_cast<std::uint64_t>(last.integer(0)) : 0;
  if (size != head_.size()) {
    damaged(path, "it has events up to number " + std::to_string(size) + ", the head says " +
                      std::to_string(head_.size()));
  }
  if (base_.size() > size || (size > 0 && base_.size() == size)) {
    damaged(path, "its base is not before its end");
  }
  MerkleFrontier recomputed = base_;
  auto row = session.query("SELECT seq, line, leaf FROM audit WHERE seq >= ?1 ORDER BY seq",
                           static_cast<std::int64_t>(base_.size()));
  while (row.next()) {
    const std::string seq = std::to_string(row.integer(0));
    if (static_cast<std::uint64_t>(row.integer(0)) != recomputed.size()) {
      damaged(path, "event " + std::to_string(recomputed.size()) + " is missing");
    }
    const Sha256 leaf = leaf_hash(row.text(1));
    const Bytes stored_leaf = row.blob(2);
    if (!std::equal(leaf.begin(), leaf.end(), stored_leaf.begin(), stored_leaf.end())) {
      damaged(path, "the line of event " + seq + " has another hash than its leaf");
    }
    recomputed.append(leaf);
  }
  if (recomputed.root() != head_.root()) {
    damaged(path, "the events from number " + std::to_string(base_.size()) + " on give another root");
  }
}

}  // namespace ca::sqlite
