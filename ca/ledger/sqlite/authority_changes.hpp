#pragma once
#include <cstdint>
#include <optional>

#include "ca/ledger/ledger.hpp"
#include "ca/ledger/sqlite/statement.hpp"

// An authority and its keys in rows. All of it runs inside the writer's transaction.
namespace ca::sqlite {

[[nodiscard]] std::optional<std::int64_t> authority_key(Session& session, const AuthorityArn& arn);

// Its rowid. Throws Code::conflict when an authority of that ARN exists.
[[nodiscard]] std::int64_t insert_authority(Session& session, const AuthorityRecord& record);
// Whole, or not at all when the stored version is another one (stale) or there is none (missing).
[[nodiscard]] CommitResult::Outcome update_authority(Session& session, const AuthorityRecord& record);

}  // namespace ca::sqlite
