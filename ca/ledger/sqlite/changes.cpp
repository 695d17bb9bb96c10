#include "ca/ledger/sqlite/changes.hpp"

#include "ca/ledger/sqlite/authority_changes.hpp"
#include "ca/ledger/sqlite/crl_changes.hpp"
#include "ca/ledger/sqlite/rows.hpp"

namespace ca::sqlite {
namespace {

using Outcome = CommitResult::Outcome;

CommitResult only(Outcome outcome) {
  CommitResult result;
  result.outcome = outcome;
  return result;
}

// I12. nullopt: the claim is free.
std::optional<CommitResult> answer_of_claim(Session& session, const IdempotencyClaim& claim,
                                            TimePoint ledger_time) {
  auto row = session.query(
      "SELECT i.expires_at, i.request_hash, i.serial, c.state, a.partition, a.region, a.account, a.id "
      "FROM idempotency i CROSS JOIN authorities a ON a.authority = i.authority "
      "LEFT JOIN certificates c ON c.issuer = i.authority AND c.serial = i.serial "
      "WHERE i.scope = ?1 AND i.token = ?2",
      claim.scope, claim.token);
  if (!row.next() || row.integer(0) <= stored(ledger_time)) {
    return std::nullopt;
  }
  const Bytes hash = row.blob(1);
  if (!std::equal(hash.begin(), hash.end(), claim.request_hash.begin(), claim.request_hash.end())) {
    return only(Outcome::conflict);
  }
  if (!row.is_null(3) && state_from(row.text(3)) == CertificateState::failed) {
    return std::nullopt;  // a certificate that will never be signed answers nobody
  }
  CommitResult result = only(Outcome::existing);
  result.existing_authority = AuthorityArn{row.text(4), row.text(5), row.text(6), row.text(7)};
  if (!row.is_null(2)) {
    result.existing_serial = SerialNumber::from_bytes(row.blob(2));
  }
  return result;
}

void write_claim(Session& session, const std::optional<IdempotencyClaim>& claim, TimePoint ledger_time,
                 std::int64_t authority, const std::optional<ByteView>& serial) {
  if (!claim) {
    return;
  }
  session.run(
      "INSERT INTO idempotency (scope, token, request_hash, authority, serial, expires_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (scope, token) DO UPDATE SET "
      "request_hash = excluded.request_hash, authority = excluded.authority, serial = excluded.serial, "
      "expires_at = excluded.expires_at",
      claim->scope, claim->token, claim->request_hash, authority, serial,
      stored(ledger_time + claim->window));
}

// The device's newest certificate for this key and profile, when it stands in the way of another.
std::optional<CommitResult> answer_of_device_key(Session& session, const CertificateRecord& record,
                                                 std::int64_t issuer, TimePoint now) {
  auto row = session.query(
      "SELECT state, not_after, serial FROM certificates "
      "WHERE issuer = ?1 AND device_id = ?2 AND key_hash = ?3 AND profile = ?4 "
      "ORDER BY certificate DESC LIMIT 1",
      issuer, record.device_id, record.key_hash, record.profile);
  if (!row.next()) {
    return std::nullopt;
  }
  switch (state_from(row.text(0))) {
    case CertificateState::failed:
      return std::nullopt;
    case CertificateState::issued:
      if (row.integer(1) < stored(to_seconds(now))) {
        return std::nullopt;
      }
      break;
    case CertificateState::pending:
    case CertificateState::revoked:
      break;
  }
  CommitResult result = only(Outcome::existing);
  result.existing_authority = record.issuer;
  result.existing_serial = SerialNumber::from_bytes(row.blob(2));
  return result;
}

CommitResult apply_change(Session& session, const InsertAuthority& change, const Circumstances& at,
                          StateCounts&) {
  if (change.claim) {
    if (const auto taken = answer_of_claim(session, *change.claim, at.ledger_time)) {
      return *taken;
    }
  }
  const std::int64_t authority = insert_authority(session, change.record);
  write_claim(session, change.claim, at.ledger_time, authority, std::nullopt);
  return only(Outcome::applied);
}

CommitResult apply_change(Session& session, const UpdateAuthority& change, const Circumstances&,
                          StateCounts&) {
  return only(update_authority(session, change.record));
}

void insert_intent(Session& session, const CertificateRecord& r, std::int64_t issuer,
                   std::optional<std::int64_t> crl) {
  const auto device_id = r.device_id.empty() ? std::nullopt : std::optional{std::string_view{r.device_id}};
  try {
    session.run(
        "INSERT INTO certificates (issuer, serial, state, self_signed, not_before, not_after, requested_at, "
        "template_name, signing_algorithm, account, requested_by, request_id, device_id, idempotency_token, "
        "key_hash, subject, tbs_der, profile, passed_through_der, crl, key_number) "
        "VALUES (?1, ?2, 'P', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
        "?20)",
        issuer, r.serial.bytes(), r.self_signed, stored(r.validity.not_before), stored(r.validity.not_after),
        stored(r.requested_at), r.template_name, api_name(r.signing_algorithm), r.account, r.requested_by,
        r.request_id, device_id, r.idempotency_token, r.key_hash, r.subject, r.tbs_der, r.profile,
        stored(r.passed_through), crl, static_cast<std::int64_t>(r.key_number));
  } catch (const StoreFault& fault) {
    if (fault.extended_code() == SQLITE_CONSTRAINT_UNIQUE) {
      throw Error{Code::duplicate_serial, "the serial " + r.serial.hex() + " was used before by this issuer"};
    }
    throw;
  }
}

// The authority's part of the rules of issuing.
struct FoundAuthority {
  std::int64_t authority;
  AuthorityStatus status;
  std::optional<std::int64_t> not_after;
  std::uint64_t generation;
  std::uint64_t key_number;

  [[nodiscard]] bool may_issue(bool self_signed, std::string_view profile, TimePoint now) const {
    if (self_signed && status == AuthorityStatus::pending_certificate) {
      return true;
    }
    // What an authority has issued is answered for after it has stopped issuing, by a key whose certificate
    // may end later than that of the one which issues.
    const bool answers = profile == kOcspSignerProfile &&
                         (status == AuthorityStatus::active || status == AuthorityStatus::disabled ||
                          status == AuthorityStatus::deleted);
    return answers ||
           (status == AuthorityStatus::active && (!not_after || *not_after >= stored(to_seconds(now))));
  }
};

std::optional<FoundAuthority> find_authority(Session& session, const AuthorityArn& arn) {
  auto row = session.query(
      "SELECT authority, status, not_after, generation, key_number FROM authorities "
      "WHERE id = ?1 AND account = ?2 AND region = ?3 AND partition = ?4",
      arn.id, arn.account, arn.region, arn.partition);
  if (!row.next()) {
    return std::nullopt;
  }
  return FoundAuthority{row.integer(0), status_from(row.text(1)), row.maybe_integer(2),
                        static_cast<std::uint64_t>(row.integer(3)),
                        static_cast<std::uint64_t>(row.integer(4))};
}

CommitResult apply_change(Session& session, const InsertPending& change, const Circumstances& at,
                          StateCounts& counts) {
  const CertificateRecord& record = change.record;
  const auto issuer = find_authority(session, record.issuer);
  if (!issuer) {
    return only(Outcome::missing);
  }
  if (change.claim) {
    if (const auto taken = answer_of_claim(session, *change.claim, at.ledger_time)) {
      return *taken;
    }
  }
  if (change.once_per_device_key && !record.device_id.empty()) {
    if (const auto taken = answer_of_device_key(session, record, issuer->authority, at.now)) {
      return *taken;
    }
  }
  if (!issuer->may_issue(record.self_signed, record.profile, at.now)) {
    return only(Outcome::not_issuing);
  }
  // A key that was replaced signs for its answers, and what was accepted before: nothing new.
  if (record.key_number != issuer->key_number && record.profile != kOcspSignerProfile) {
    return only(Outcome::stale);
  }
  const auto waiting = at.pending.find(record.account);
  if (waiting != at.pending.end() && static_cast<std::uint64_t>(waiting->second) >= change.max_pending) {
    throw Error{Code::throttled, "too many accepted certificates of this account wait for the token"};
  }
  insert_intent(session, record, issuer->authority, count_in_crl(session, change));
  write_claim(session, change.claim, at.ledger_time, issuer->authority, record.serial.bytes());
  counts.move_in(CertificateState::pending, record.account);
  return only(Outcome::applied);
}

struct FoundCertificate {
  std::int64_t certificate;
  CertificateState state;
  bool self_signed;
  std::int64_t not_after;
  std::string account;
  std::string profile;
};

std::optional<FoundCertificate> find(Session& session, std::int64_t authority, const SerialNumber& serial) {
  auto row = session.query(
      "SELECT certificate, state, self_signed, not_after, account, profile FROM certificates "
      "WHERE issuer = ?1 AND serial = ?2",
      authority, serial.bytes());
  if (!row.next()) {
    return std::nullopt;
  }
  return FoundCertificate{
      row.integer(0), state_from(row.text(1)), row.integer(2) != 0, row.integer(3), row.text(4), row.text(5)};
}

std::optional<FoundCertificate> find(Session& session, const AuthorityArn& issuer,
                                     const SerialNumber& serial) {
  const auto authority = authority_key(session, issuer);
  return authority ? find(session, *authority, serial) : std::nullopt;
}

CommitResult refused(const std::optional<FoundCertificate>& found) {
  CommitResult result = only(found ? Outcome::wrong_state : Outcome::missing);
  if (found) {
    result.found_state = found->state;
  }
  return result;
}

CommitResult moved(StateCounts& counts, const FoundCertificate& found, CertificateState to) {
  counts.move_out(found.state, found.account);
  counts.move_in(to, found.account);
  return only(Outcome::applied);
}

CommitResult apply_change(Session& session, const MarkIssued& change, const Circumstances& at,
                          StateCounts& counts) {
  if (change.der.empty()) {
    throw Error{Code::internal, "a certificate without bytes cannot be issued"};
  }
  const auto authority = find_authority(session, change.issuer);
  const auto found = authority ? find(session, authority->authority, change.serial) : std::nullopt;
  if (!found || found->state != CertificateState::pending) {
    return refused(found);
  }
  // All changes pass through here in one order: after a DISABLED that was acknowledged nothing is issued.
  if (!authority->may_issue(found->self_signed, found->profile, at.now) ||
      found->not_after < stored(to_seconds(at.now))) {
    return only(Outcome::not_issuing);
  }
  if (authority->generation != change.generation) {
    return only(Outcome::stale);
  }
  session.run("UPDATE certificates SET state = 'I' WHERE certificate = ?1", found->certificate);
  session.run("INSERT INTO signed_certificates (certificate, issued_at, der) VALUES (?1, ?2, ?3)",
              found->certificate, stored(change.issued_at), change.der);
  return moved(counts, *found, CertificateState::issued);
}

CommitResult apply_change(Session& session, const MarkFailed& change, const Circumstances&,
                          StateCounts& counts) {
  const auto found = find(session, change.issuer, change.serial);
  if (!found || found->state != CertificateState::pending) {
    return refused(found);
  }
  session.run("UPDATE certificates SET state = 'F', failure_reason = ?2 WHERE certificate = ?1",
              found->certificate, change.reason);
  return moved(counts, *found, CertificateState::failed);
}

CommitResult apply_change(Session& session, const MarkRevoked& change, const Circumstances&,
                          StateCounts& counts) {
  const auto found = find(session, change.issuer, change.serial);
  if (!found || found->state != CertificateState::issued) {
    return refused(found);
  }
  session.run(
      "UPDATE certificates SET state = 'R', revoked_at = ?2, revocation_reason = ?3 WHERE certificate = ?1",
      found->certificate, stored(change.revoked_at), static_cast<std::int64_t>(change.reason));
  count_revocation(session, found->certificate);
  return moved(counts, *found, CertificateState::revoked);
}

CommitResult apply_change(Session& session, const InsertAuditReport& change, const Circumstances& at,
                          StateCounts&) {
  const AuditReportRecord& r = change.record;
  const auto authority = authority_key(session, r.authority);
  if (!authority) {
    return only(Outcome::missing);
  }
  auto earlier = session.query("SELECT " CHANCERY_REPORT_COLUMNS
                               " FROM audit_reports r CROSS JOIN authorities a ON a.authority = r.authority "
                               "WHERE r.authority = ?1 AND r.status <> 'FAILED' "
                               "AND (r.status = 'CREATING' OR r.alone_until > ?2) "
                               "ORDER BY r.report DESC LIMIT 1",
                               *authority, stored(at.ledger_time));
  if (earlier.next()) {
    CommitResult result = only(Outcome::existing);
    result.existing_report = read_report(earlier);
    return result;
  }
  session.run(
      "INSERT INTO audit_reports (authority, id, bucket, format, status, created_at, alone_until) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      *authority, r.id, r.bucket, api_name(r.format), api_name(ReportStatus::creating), stored(r.created_at),
      stored(at.ledger_time + change.interval));
  return only(Outcome::applied);
}

CommitResult apply_change(Session& session, const MarkAuditReport& change, const Circumstances&,
                          StateCounts&) {
  const auto authority = authority_key(session, change.authority);
  if (!authority) {
    return only(Outcome::missing);
  }
  const int changed = session.run(
      "UPDATE audit_reports SET status = ?3 WHERE authority = ?1 AND id = ?2 AND status = 'CREATING'",
      *authority, change.id, api_name(change.status));
  if (changed == 1) {
    return only(Outcome::applied);
  }
  const bool there =
      session.query("SELECT 1 FROM audit_reports WHERE authority = ?1 AND id = ?2", *authority, change.id)
          .next();
  return only(there ? Outcome::wrong_state : Outcome::missing);
}

template <class CrlChange>
requires std::is_same_v<CrlChange, InsertCrl> || std::is_same_v<CrlChange, IntendCrl> ||
    std::is_same_v<CrlChange, MarkCrlIssued>
        CommitResult apply_change(Session& session, const CrlChange& change, const Circumstances&,
                                  StateCounts&) {
  return only(apply_to_crl(session, change));
}

CommitResult apply_change(Session&, const AppendEvents&, const Circumstances&, StateCounts&) {
  return only(Outcome::applied);
}

}  // namespace

PendingCounts read_pending(Session& session) {
  PendingCounts pending;
  auto rows = session.query(
      "SELECT account, count(*) FROM certificates INDEXED BY certificates_pending "
      "WHERE state = 'P' GROUP BY account");
  while (rows.next()) {
    pending[rows.text(0)] = rows.integer(1);
  }
  return pending;
}

void StateCounts::move(CertificateState state, const std::string& account, std::int64_t by) {
  counts_[static_cast<std::size_t>(state)] += by;
  if (state == CertificateState::pending) {
    pending_[account] += by;
  }
}

void StateCounts::move_in(CertificateState state, const std::string& account) { move(state, account, 1); }

void StateCounts::move_out(CertificateState state, const std::string& account) { move(state, account, -1); }

StateCounts& StateCounts::operator+=(const StateCounts& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  other.add_to(pending_);
  return *this;
}

void StateCounts::add_to(PendingCounts& pending) const {
  for (const auto& [account, change] : pending_) {
    pending[account] += change;
  }
}

void StateCounts::write(Session& session) const {
  for (const auto state : {CertificateState::pending, CertificateState::issued, CertificateState::failed,
                           CertificateState::revoked}) {
    if (const std::int64_t change = counts_[static_cast<std::size_t>(state)]; change != 0) {
      session.run("UPDATE counters SET value = value + ?2 WHERE name = ?1", stored(state), change);
    }
  }
}

CommitResult apply(Session& session, const Change& change, const Circumstances& circumstances,
                   StateCounts& counts) {
  return std::visit([&](const auto& which) { return apply_change(session, which, circumstances, counts); },
                    change);
}

void sweep_claims(Session& session, TimePoint ledger_time, std::size_t limit) {
  session.run(
      "DELETE FROM idempotency WHERE (scope, token) IN "
      "(SELECT scope, token FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
      stored(ledger_time), static_cast<std::int64_t>(limit));
}

}  // namespace ca::sqlite
