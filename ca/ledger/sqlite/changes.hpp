#pragma once
#include <array>
#include <cstdint>

#include "ca/ledger/ledger.hpp"
#include "ca/ledger/sqlite/statement.hpp"

namespace ca::sqlite {

// How many certificates entered and left each state.
class StateCounts {
 public:
  void move_in(CertificateState state) { ++of(state); }
  void move_out(CertificateState state) { --of(state); }
  StateCounts& operator+=(const StateCounts& other);
  // Adds them to the counters of the store.
  void write(Session& session) const;

 private:
  std::int64_t& of(CertificateState state) { return counts_[static_cast<std::size_t>(state)]; }
  std::array<std::int64_t, 4> counts_{};
};

// The rules of the ledger: applies one change inside the open transaction and says what became of it. Rows
// are written only for Outcome::applied; a fault may leave some of them: the caller goes back to its
// savepoint. `now` decides which claims and device certificates are over; it must not run backwards. Throws
// Code::duplicate_serial, Code::conflict (an authority of that ARN exists), StoreFault.
[[nodiscard]] CommitResult apply(Session& session, const Change& change, TimePoint now, StateCounts& counts);

// Deletes at most `limit` claims that are over.
void sweep_claims(Session& session, TimePoint now, std::size_t limit);

}  // namespace ca::sqlite
