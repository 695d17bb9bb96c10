#pragma once
#include <chrono>
#include <future>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ca/audit/event.hpp"
#include "ca/inventory/records.hpp"

namespace ca {

// I12: the same scope and token name one result for `window` from the commit on; another request hash is a
// conflict. The window is measured in the ledger's own time, which never runs backwards.
struct IdempotencyClaim {
  std::string scope;  // account, principal, operation, authority
  std::string token;
  Sha256 request_hash{};
  std::chrono::milliseconds window{};
};

struct InsertAuthority {
  AuthorityRecord record;
  std::optional<IdempotencyClaim> claim;
};
// Replaces the row whose version is record.version; the stored version becomes record.version + 1.
struct UpdateAuthority {
  AuthorityRecord record;
};
// The series of CRLs that will list a certificate, and the place where it is looked for.
struct NamedCrl {
  std::string name;
  std::string bucket;  // configured name; empty: the status listener alone has it
  std::string key;
};
// Commit #1 of an issuance.
struct InsertPending {
  CertificateRecord record;
  std::optional<IdempotencyClaim> claim;
  // With record.device_id: the device's living certificate for the same key and profile (PENDING or ISSUED,
  // not expired) wins.
  bool once_per_device_key = false;
  // Where its CRL is found: the place is durable with the first certificate that names it, and kept for ever.
  std::optional<NamedCrl> crl;
  // Most PENDING rows of record.account; beyond: Code::throttled.
  std::uint64_t max_pending = std::numeric_limits<std::uint64_t>::max();
};
// Commit #2. `generation` is that of the authority's certificate against which the bytes were linted.
struct MarkIssued {
  AuthorityArn issuer;
  SerialNumber serial;
  Bytes der;
  TimePoint issued_at;
  std::uint64_t generation = 0;
};
struct MarkFailed {
  AuthorityArn issuer;
  SerialNumber serial;
  std::string reason;
};
struct MarkRevoked {
  AuthorityArn issuer;
  SerialNumber serial;
  RevocationReason reason;
  TimePoint revoked_at;
};
// At most one report of an authority is CREATING, and one that was written keeps the next away for `interval`
// from its order on, in the ledger's own time; one that FAILED keeps nothing away.
struct InsertAuditReport {
  AuditReportRecord record;
  std::chrono::milliseconds interval{};
};
// The end of a report that is CREATING: SUCCESS or FAILED.
struct MarkAuditReport {
  AuthorityArn authority;
  std::string id;
  ReportStatus status = ReportStatus::success;
};
// A new series of CRLs; one of that name is left as it is (existing).
struct InsertCrl {
  CrlRecord record;
};
// A CRL of that series is about to be signed. The number must be above every number before it, whoever took
// it and whatever became of it (stale otherwise, I8).
struct IntendCrl {
  std::string name;
  std::uint64_t number = 0;
};
// It was signed: the series' last CRL, unless a later one is that already (wrong_state).
struct MarkCrlIssued {
  std::string name;
  CrlRecord::Issued issued;
};
// Audit events without a change of the inventory (refusals, start-up, configuration).
struct AppendEvents {};

using Change =
    std::variant<InsertAuthority, UpdateAuthority, InsertPending, MarkIssued, MarkFailed, MarkRevoked,
                 InsertAuditReport, MarkAuditReport, InsertCrl, IntendCrl, MarkCrlIssued, AppendEvents>;

// A change and its events: both or neither (I5).
struct LedgerEntry {
  Change change;
  std::vector<AuditEvent> events;
};

struct CommitResult {
  enum class Outcome {
    applied,
    existing,     // the claim, the device key or the interval of reports already names `existing_*`, or a
                  // CRL of that name is there; nothing was written
    conflict,     // same token, other request; nothing was written
    missing,      // no such row
    wrong_state,  // the row is not in the state that the change needs (MarkIssued on ISSUED, MarkRevoked on
                  // REVOKED, MarkAuditReport on SUCCESS, MarkCrlIssued below a later one)
    stale,        // UpdateAuthority: the version has moved on; MarkIssued: the generation has; IntendCrl: the
                  // number has; InsertPending: the authority issues with another key
    // InsertPending and MarkIssued: the authority is not ACTIVE, or its certificate or the row's validity is
    // over. A self-signed certificate may also be made for an authority in PENDING_CERTIFICATE.
    not_issuing,
  };
  Outcome outcome = Outcome::applied;
  std::optional<AuthorityArn> existing_authority;
  std::optional<SerialNumber> existing_serial;
  std::optional<AuditReportRecord> existing_report;
  // wrong_state: the certificate's state as found.
  std::optional<CertificateState> found_state;
};

// Durable writes. commit() may be called from any thread and returns at once; entries that wait together are
// written in one transaction (group commit), in order of arrival, and an entry that fails does not fail its
// neighbours. When the future is ready with `applied`, change and events are durable (fsync) and visible to
// Inventory. The future throws Code::unavailable when the store is away or full and nothing was written (a
// COMMIT with unknown result is read back first, I13), Code::duplicate_serial when the serial exists,
// Code::throttled when the queue or the account's share of PENDING rows is full.
class Ledger {
 public:
  virtual ~Ledger() = default;
  [[nodiscard]] virtual std::future<CommitResult> commit(LedgerEntry entry) = 0;
};

// Commits and waits, at most kCommitWait. Throws what the future throws, and Code::unavailable when the store
// does not answer in time: the entry may then be written later.
inline constexpr std::chrono::seconds kCommitWait{10};
[[nodiscard]] CommitResult committed(Ledger& ledger, LedgerEntry entry);

}  // namespace ca
