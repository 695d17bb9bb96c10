#include "ca/ledger/sqlite/crl_changes.hpp"

#include "ca/ledger/sqlite/rows.hpp"

namespace ca::sqlite {
namespace {

using Outcome = CommitResult::Outcome;

struct FoundCrl {
  std::int64_t crl;
  std::int64_t number;
  std::int64_t issued_number;  // 0: none
};

std::optional<FoundCrl> find_crl(Session& session, const std::string& name) {
  auto row = session.query("SELECT crl, number, coalesce(issued_number, 0) FROM crls WHERE name = ?1", name);
  if (!row.next()) {
    return std::nullopt;
  }
  return FoundCrl{row.integer(0), row.integer(1), row.integer(2)};
}

std::int64_t stored(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

Outcome apply_to_crl(Session& session, const InsertCrl& change) {
  const CrlRecord& r = change.record;
  if (find_crl(session, r.name)) {
    return Outcome::existing;
  }
  const int inserted = session.run(
      "INSERT INTO crls (authority, name, complete, uri, object_key, key_number) "
      "SELECT authority, ?1, ?2, ?3, ?4, ?9 FROM authorities "
      "WHERE id = ?5 AND account = ?6 AND region = ?7 AND partition = ?8",
      r.name, std::int64_t{r.complete}, r.uri, r.key, r.authority.id, r.authority.account, r.authority.region,
      r.authority.partition, stored(r.key_number));
  return inserted == 1 ? Outcome::applied : Outcome::missing;
}

Outcome apply_to_crl(Session& session, const IntendCrl& change) {
  const auto found = find_crl(session, change.name);
  if (!found) {
    return Outcome::missing;
  }
  if (stored(change.number) <= found->number) {
    return Outcome::stale;
  }
  session.run("UPDATE crls SET number = ?2 WHERE crl = ?1", found->crl, stored(change.number));
  return Outcome::applied;
}

Outcome apply_to_crl(Session& session, const MarkCrlIssued& change) {
  const auto found = find_crl(session, change.name);
  if (!found) {
    return Outcome::missing;
  }
  const CrlRecord::Issued& issued = change.issued;
  if (stored(issued.number) <= found->issued_number || stored(issued.number) > found->number) {
    return Outcome::wrong_state;
  }
  session.run(
      "UPDATE crls SET issued_number = ?2, covered = ?3, entries = ?4, issued_at = ?5, next_update = ?6, "
      "scheduled_at = ?7, previous_scheduled_at = ?8, sha256 = ?9 WHERE crl = ?1",
      found->crl, stored(issued.number), stored(issued.covered), stored(issued.entries),
      sqlite::stored(issued.issued_at), sqlite::stored(issued.next_update),
      sqlite::stored(issued.scheduled_at), sqlite::stored(issued.previous_scheduled_at), issued.sha256);
  return Outcome::applied;
}

std::optional<std::int64_t> count_in_crl(Session& session, const InsertPending& change) {
  if (!change.crl) {
    return std::nullopt;
  }
  const auto found = find_crl(session, change.crl->name);
  if (!found) {
    throw Error{Code::internal, "a certificate names a CRL that does not exist"};
  }
  const std::int64_t end = sqlite::stored(change.record.validity.not_after);
  session.run(
      "UPDATE crls SET certificates = certificates + 1, last_not_after = max(last_not_after, ?2) "
      "WHERE crl = ?1",
      found->crl, end);
  session.run(
      "INSERT INTO crl_places (crl, bucket, object_key, last_not_after) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (crl, bucket, object_key) DO UPDATE SET last_not_after = excluded.last_not_after "
      "WHERE excluded.last_not_after > last_not_after",
      found->crl, change.crl->bucket, change.crl->key, end);
  return found->crl;
}

void count_revocation(Session& session, std::int64_t certificate) {
  session.run(
      "UPDATE crls SET revocations = revocations + 1 WHERE crl IN ("
      "SELECT l.crl FROM certificates c JOIN crls l ON l.authority = c.issuer AND (l.complete OR l.crl = "
      "c.crl) "
      "WHERE c.certificate = ?1)",
      certificate);
}

}  // namespace ca::sqlite
