// Inventory and AuditLog over the read connections: one statement each, each on an index.
#include <algorithm>
#include <limits>

#include "ca/base/hex.hpp"
#include "ca/ledger/sqlite/audit_tail.hpp"
#include "ca/ledger/sqlite/read_transaction.hpp"
#include "ca/ledger/sqlite/rows.hpp"
#include "ca/ledger/sqlite/store_state.hpp"

namespace ca {
namespace {

using sqlite::Execution;
using sqlite::Session;
using sqlite::stored;

std::int64_t bound(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

std::vector<KeyGeneration> read_other_keys(Session& session, const AuthorityRecord& authority) {
  auto rows = session.query("SELECT " CHANCERY_KEY_COLUMNS
                            " FROM authorities a CROSS JOIN authority_keys k ON k.authority = a.authority "
                            "WHERE a.id = ?1 ORDER BY k.number",
                            authority.arn.id);
  std::vector<KeyGeneration> keys;
  while (rows.next()) {
    keys.push_back(sqlite::read_key(rows));
  }
  return keys;
}

std::vector<CertificateRecord> read_certificates(Execution& rows) {
  std::vector<CertificateRecord> records;
  while (rows.next()) {
    records.push_back(sqlite::read_certificate(rows).record);
  }
  return records;
}

std::vector<Inventory::Row> read_rows(Execution& found) {
  std::vector<Inventory::Row> rows;
  while (found.next()) {
    auto row = sqlite::read_certificate(found);
    rows.push_back({static_cast<std::uint64_t>(row.certificate), std::move(row.record)});
  }
  return rows;
}

std::optional<CertificateRecord> read_one_certificate(Execution& rows) {
  return rows.next() ? std::optional{sqlite::read_certificate(rows).record} : std::nullopt;
}

}  // namespace

std::optional<AuthorityRecord> SqliteStore::authority(const AuthorityArn& arn) {
  return state_->readers.run([&](Session& session) -> std::optional<AuthorityRecord> {
    const sqlite::ReadTransaction moment{session};
    auto row = session.query("SELECT " CHANCERY_AUTHORITY_COLUMNS
                             " FROM authorities a "
                             "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4",
                             arn.id, arn.account, arn.region, arn.partition);
    if (!row.next()) {
      return std::nullopt;
    }
    AuthorityRecord record = sqlite::read_authority(row);
    record.other_keys = read_other_keys(session, record);
    return record;
  });
}

std::vector<AuthorityRecord> SqliteStore::all_authorities() {
  return state_->readers.run([&](Session& session) {
    const sqlite::ReadTransaction moment{session};
    auto rows =
        session.query("SELECT " CHANCERY_AUTHORITY_COLUMNS " FROM authorities a ORDER BY a.created_at, a.id");
    std::vector<AuthorityRecord> records;
    while (rows.next()) {
      records.push_back(sqlite::read_authority(rows));
      records.back().other_keys = read_other_keys(session, records.back());
    }
    return records;
  });
}

std::optional<CertificateRecord> SqliteStore::certificate(const AuthorityArn& issuer,
                                                          const SerialNumber& serial) {
  return state_->readers.run([&](Session& session) {
    auto row = session.query(
        "SELECT " CHANCERY_CERTIFICATE_COLUMNS
        " FROM authorities a CROSS JOIN certificates c ON c.issuer = a.authority AND c.serial = ?5 "
        "LEFT JOIN signed_certificates s ON s.certificate = c.certificate "
        "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4",
        issuer.id, issuer.account, issuer.region, issuer.partition, serial.bytes());
    return read_one_certificate(row);
  });
}

std::vector<Inventory::Row> SqliteStore::pending(std::uint64_t cursor, std::size_t limit) {
  return state_->readers.run([&](Session& session) {
    auto rows =
        session.query("SELECT " CHANCERY_CERTIFICATE_COLUMNS
                      " FROM certificates c INDEXED BY certificates_pending" CHANCERY_CERTIFICATE_JOINS
                      "WHERE c.state = 'P' AND c.certificate > ?1 ORDER BY c.certificate LIMIT ?2",
                      bound(cursor), bound(limit));
    return read_rows(rows);
  });
}

std::vector<Inventory::Row> SqliteStore::issued(const AuthorityArn& issuer, std::uint64_t cursor,
                                                std::size_t limit) {
  return state_->readers.run([&](Session& session) {
    auto rows = session.query(
        "SELECT " CHANCERY_CERTIFICATE_COLUMNS
        " FROM authorities a CROSS JOIN certificates c INDEXED BY certificates_by_issuer "
        "ON c.issuer = a.authority AND c.certificate > ?5 "
        "LEFT JOIN signed_certificates s ON s.certificate = c.certificate "
        "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4 "
        "AND c.state IN ('I', 'R') ORDER BY c.certificate LIMIT ?6",
        issuer.id, issuer.account, issuer.region, issuer.partition, bound(cursor), bound(limit));
    return read_rows(rows);
  });
}

std::optional<CertificateRecord> SqliteStore::by_device_key(const DeviceKey& key) {
  return state_->readers.run([&](Session& session) {
    auto row =
        session.query("SELECT " CHANCERY_CERTIFICATE_COLUMNS
                      " FROM authorities a CROSS JOIN certificates c "
                      "ON c.issuer = a.authority AND c.device_id = ?5 AND c.key_hash = ?6 AND c.profile = ?7 "
                      "LEFT JOIN signed_certificates s ON s.certificate = c.certificate "
                      "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4 "
                      "ORDER BY c.certificate DESC LIMIT 1",
                      key.issuer.id, key.issuer.account, key.issuer.region, key.issuer.partition,
                      key.device_id, key.key_hash, key.profile);
    return read_one_certificate(row);
  });
}

std::optional<Inventory::Claimed> SqliteStore::claimed(const std::string& scope, const std::string& token) {
  return state_->readers.run([&](Session& session) -> std::optional<Claimed> {
    auto row = session.query(
        "SELECT i.request_hash, i.expires_at, a.partition, a.region, a.account, a.id, i.serial "
        "FROM idempotency i CROSS JOIN authorities a ON a.authority = i.authority "
        "WHERE i.scope = ?1 AND i.token = ?2",
        scope, token);
    if (!row.next()) {
      return std::nullopt;
    }
    Claimed found;
    const Bytes hash = row.blob(0);
    std::copy_n(hash.begin(), std::min(hash.size(), found.request_hash.size()), found.request_hash.begin());
    found.expires_at = sqlite::time_from(row.integer(1));
    found.authority = {row.text(2), row.text(3), row.text(4), row.text(5)};
    if (!row.is_null(6)) {
      found.serial = SerialNumber::from_bytes(row.blob(6));
    }
    return found;
  });
}

std::vector<CertificateRecord> SqliteStore::by_device(const std::string& account,
                                                      const std::string& device_id, std::size_t limit) {
  return state_->readers.run([&](Session& session) {
    auto rows =
        session.query("SELECT " CHANCERY_CERTIFICATE_COLUMNS
                      " FROM certificates c INDEXED BY certificates_by_device" CHANCERY_CERTIFICATE_JOINS
                      "WHERE c.account = ?1 AND c.device_id = ?2 ORDER BY c.certificate DESC LIMIT ?3",
                      account, device_id, bound(limit));
    return read_certificates(rows);
  });
}

std::vector<CertificateRecord> SqliteStore::expiring(const std::string& account, Seconds before,
                                                     const ExpiryCursor& after, std::size_t limit) {
  const Bytes after_serial = from_hex(after.serial_hex);
  return state_->readers.run([&](Session& session) {
    auto rows =
        session.query("SELECT " CHANCERY_CERTIFICATE_COLUMNS
                      " FROM certificates c INDEXED BY certificates_by_expiry" CHANCERY_CERTIFICATE_JOINS
                      "WHERE c.state = 'I' AND c.account = ?1 AND c.not_after < ?2 "
                      "AND (c.not_after, c.serial) > (?3, ?4) ORDER BY c.not_after, c.serial LIMIT ?5",
                      account, stored(before), stored(after.not_after), after_serial, bound(limit));
    return read_certificates(rows);
  });
}

std::optional<AuditReportRecord> SqliteStore::audit_report(const AuthorityArn& authority,
                                                           const std::string& id) {
  return state_->readers.run([&](Session& session) -> std::optional<AuditReportRecord> {
    auto row = session.query("SELECT " CHANCERY_REPORT_COLUMNS
                             " FROM audit_reports r CROSS JOIN authorities a ON a.authority = r.authority "
                             "WHERE r.id = ?1 AND a.id = ?2 AND a.account = ?3 AND a.region = ?4 "
                             "AND a.partition = ?5",
                             id, authority.id, authority.account, authority.region, authority.partition);
    return row.next() ? std::optional{sqlite::read_report(row)} : std::nullopt;
  });
}

std::vector<AuditReportRecord> SqliteStore::unwritten_reports() {
  return state_->readers.run([&](Session& session) {
    auto rows = session.query("SELECT " CHANCERY_REPORT_COLUMNS
                              " FROM audit_reports r INDEXED BY audit_reports_unwritten "
                              "CROSS JOIN authorities a ON a.authority = r.authority "
                              "WHERE r.status = 'CREATING' ORDER BY r.report");
    std::vector<AuditReportRecord> reports;
    while (rows.next()) {
      reports.push_back(sqlite::read_report(rows));
    }
    return reports;
  });
}

InventoryCounts SqliteStore::counts() {
  return state_->readers.run([&](Session& session) {
    InventoryCounts counts;
    auto rows = session.query("SELECT name, value FROM counters");
    while (rows.next()) {
      const auto value = static_cast<std::uint64_t>(rows.integer(1));
      switch (sqlite::state_from(rows.text(0))) {
        case CertificateState::pending:
          counts.pending = value;
          break;
        case CertificateState::issued:
          counts.issued = value;
          break;
        case CertificateState::failed:
          counts.failed = value;
          break;
        case CertificateState::revoked:
          counts.revoked = value;
          break;
      }
    }
    return counts;
  });
}

MerkleFrontier SqliteStore::audit_head() {
  return state_->readers.run([&](Session& session) {
    auto row = session.query("SELECT size, frontier FROM audit_head");
    return row.next() ? MerkleFrontier::restore(static_cast<std::uint64_t>(row.integer(0)), row.blob(1))
                      : MerkleFrontier{};
  });
}

std::vector<AuditLine> SqliteStore::audit_lines(std::uint64_t from_seq, std::size_t limit) {
  return state_->readers.run([&](Session& session) {
    auto rows = session.query("SELECT seq, line, leaf FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
                              bound(from_seq), bound(limit));
    std::vector<AuditLine> lines;
    while (rows.next()) {
      AuditLine line{static_cast<std::uint64_t>(rows.integer(0)), rows.text(1), {}};
      const Bytes leaf = rows.blob(2);
      std::copy_n(leaf.begin(), std::min(leaf.size(), line.leaf.size()), line.leaf.begin());
      lines.push_back(std::move(line));
    }
    return lines;
  });
}

}  // namespace ca
