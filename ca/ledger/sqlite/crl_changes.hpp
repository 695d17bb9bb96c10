#pragma once
#include <cstdint>
#include <optional>

#include "ca/ledger/ledger.hpp"
#include "ca/ledger/sqlite/statement.hpp"

// What changes mean for series of CRLs. All of it runs inside the writer's transaction.
namespace ca::sqlite {

[[nodiscard]] CommitResult::Outcome apply_to_crl(Session& session, const InsertCrl& change);
[[nodiscard]] CommitResult::Outcome apply_to_crl(Session& session, const IntendCrl& change);
[[nodiscard]] CommitResult::Outcome apply_to_crl(Session& session, const MarkCrlIssued& change);

// Counts the certificate in the series and the place that it names: the series' rowid. Throws Code::internal
// when there is none.
[[nodiscard]] std::optional<std::int64_t> count_in_crl(Session& session, const InsertPending& change);
// The certificate has just been revoked: every series that must list it has something new to say.
void count_revocation(Session& session, std::int64_t certificate);

}  // namespace ca::sqlite
