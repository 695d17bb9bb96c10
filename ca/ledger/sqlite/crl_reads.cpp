// Inventory's reads for revocation, over the read connections.
#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/read_transaction.hpp"
#include "ca/ledger/sqlite/rows.hpp"
#include "ca/ledger/sqlite/store_state.hpp"

namespace ca {
namespace {

using sqlite::ReadTransaction;
using sqlite::Session;
using sqlite::stored;

// Both stand whole in their index.
constexpr const char* kRevokedOfAuthority =
    "SELECT serial, revoked_at, revocation_reason FROM certificates INDEXED BY certificates_revoked "
    "WHERE state = 'R' AND issuer = ?1 AND not_after >= ?2 ORDER BY serial";
constexpr const char* kRevokedOfPartition =
    "SELECT serial, revoked_at, revocation_reason FROM certificates INDEXED BY certificates_revoked_by_crl "
    "WHERE state = 'R' AND crl = ?1 AND not_after >= ?2 ORDER BY serial";

// Into the series, which are in the same order.
void read_places(Session& session, const AuthorityArn& authority, std::vector<CrlRecord>& series) {
  auto rows = session.query(
      "SELECT l.name, p.bucket, p.object_key, p.last_not_after FROM authorities a "
      "CROSS JOIN crls l ON l.authority = a.authority CROSS JOIN crl_places p ON p.crl = l.crl "
      "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4 ORDER BY l.crl, p.place",
      authority.id, authority.account, authority.region, authority.partition);
  auto owner = series.begin();
  while (rows.next()) {
    const std::string name = rows.text(0);
    owner = std::find_if(owner, series.end(), [&](const CrlRecord& crl) { return crl.name == name; });
    if (owner == series.end()) {
      throw Error{Code::internal, "a place of a CRL that is not there"};
    }
    owner->places.push_back({rows.text(1), rows.text(2), sqlite::seconds_from(rows.integer(3))});
  }
}

}  // namespace

std::vector<CrlRecord> SqliteStore::crls(const AuthorityArn& authority) {
  return state_->readers.run([&](Session& session) {
    const ReadTransaction moment{session};
    auto rows = session.query("SELECT " CHANCERY_CRL_COLUMNS
                              " FROM authorities a CROSS JOIN crls l ON l.authority = a.authority "
                              "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4 "
                              "ORDER BY l.crl",
                              authority.id, authority.account, authority.region, authority.partition);
    std::vector<CrlRecord> records;
    while (rows.next()) {
      records.push_back(sqlite::read_crl(rows));
    }
    read_places(session, authority, records);
    return records;
  });
}

std::uint64_t SqliteStore::revoked(const CrlRecord& crl, Seconds ends_from,
                                   const std::function<void(const Revoked&)>& entry) {
  return state_->readers.run([&](Session& session) {
    const ReadTransaction moment{session};
    auto series =
        session.query("SELECT crl, authority, complete, revocations FROM crls WHERE name = ?1", crl.name);
    if (!series.next()) {
      throw Error{Code::internal, "there is no CRL of that name"};
    }
    const bool complete = series.integer(2) != 0;
    const auto revocations = static_cast<std::uint64_t>(series.integer(3));
    auto rows = session.query(complete ? kRevokedOfAuthority : kRevokedOfPartition,
                              series.integer(complete ? 1 : 0), stored(ends_from));
    while (rows.next()) {
      const SerialNumber serial = SerialNumber::from_bytes(rows.blob(0));
      entry({serial, sqlite::time_from(rows.integer(1)),
             sqlite::reason_from(rows.maybe_integer(2)).value_or(RevocationReason::unspecified)});
    }
    return revocations;
  });
}

std::optional<Inventory::Standing> SqliteStore::standing(const AuthorityArn& issuer,
                                                         const SerialNumber& serial) {
  return state_->readers.run([&](Session& session) -> std::optional<Standing> {
    auto row = session.query(
        "SELECT c.state, c.revoked_at, c.revocation_reason, c.not_after, c.key_number "
        "FROM authorities a CROSS JOIN certificates c ON c.issuer = a.authority AND c.serial = ?5 "
        "WHERE a.id = ?1 AND a.account = ?2 AND a.region = ?3 AND a.partition = ?4",
        issuer.id, issuer.account, issuer.region, issuer.partition, serial.bytes());
    if (!row.next()) {
      return std::nullopt;
    }
    Standing found{.state = sqlite::state_from(row.text(0)),
                   .reason = sqlite::reason_from(row.maybe_integer(2)),
                   .not_after = sqlite::seconds_from(row.integer(3)),
                   .key_number = static_cast<std::uint64_t>(row.integer(4))};
    if (const auto revoked_at = row.maybe_integer(1)) {
      found.revoked_at = sqlite::time_from(*revoked_at);
    }
    return found;
  });
}

}  // namespace ca
