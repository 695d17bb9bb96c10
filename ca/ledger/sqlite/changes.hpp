#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "ca/ledger/ledger.hpp"
#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

// PENDING certificates by account.
using PendingCounts = std::map<std::string, std::int64_t>;
[[nodiscard]] PendingCounts read_pending(Session& session);

// How many certificates entered and left each state.
class StateCounts {
 public:
  void move_in(CertificateState state, const std::string& account);
  void move_out(CertificateState state, const std::string& account);
  StateCounts& operator+=(const StateCounts& other);
  void add_to(PendingCounts& pending) const;
  // Adds them to the counters of the store.
  void write(Session& session) const;

 private:
  void move(CertificateState state, const std::string& account, std::int64_t by);
  std::array<std::int64_t, 4> counts_{};
  PendingCounts pending_;
};

// What the rules need to know besides the change.
struct Circumstances {
  TimePoint now;            // of the clock: whether certificates are over
  TimePoint ledger_time;    // never runs backwards: whether claims are over
  PendingCounts pending{};  // after the entry before
};

// The rules of the ledger: applies one change inside the open transaction and says what became of it. Rows
// are written only for Outcome::applied; a fault may leave some of them: the caller goes back to its
// savepoint. Throws Code::duplicate_serial, Code::conflict (an authority of that ARN exists),
// Code::throttled, StoreFault.
[[nodiscard]] CommitResult apply(Session& session, const Change& change, const Circumstances& circumstances,
                                 StateCounts& counts);

// Deletes at most `limit` claims that are over.
void sweep_claims(Session& session, TimePoint ledger_time, std::size_t limit);

}  // namespace ca::sqlite
