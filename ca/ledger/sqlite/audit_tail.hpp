#pragma once
#include <cstdint>
#include <string>

#include "ca/audit/event.hpp"
#include "ca/audit/merkle.hpp"
#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

// The growing end of the audit log, as the writer keeps it in memory between transactions. A value: a copy
// that was written to in a transaction replaces the original when that transaction is durable.
class AuditTail {
 public:
  // Makes the log of `node` when the store is new. Throws StoreFault when the store is another node's.
  [[nodiscard]] static AuditTail load(Session& session, const std::string& path, const std::string& node);

  // Time of the next events: never before the last one of the log (I17).
  [[nodiscard]] TimePoint time_at(TimePoint now) const;
  void append(Session& session, const AuditEvent& event, TimePoint time);
  // Writes the head with the number of this commit.
  void write_head(Session& session);

  [[nodiscard]] std::uint64_t size() const { return head_.size(); }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }

  // Recomputes the head from a base near the end, and each of those leaves from its line: bounded work for
  // any size of the log. Throws StoreFault with the sequence number when they do not fit.
  void check(Session& session, const std::string& path) const;

 private:
  std::string log_;
  MerkleFrontier head_;
  MerkleFrontier base_;
  TimePoint last_time_{};
  std::uint64_t commits_ = 0;
};

}  // namespace ca::sqlite
