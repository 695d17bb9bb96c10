#include "ca/ledger/sqlite/published_list.hpp"

#include <algorithm>
#include <array>

#include "ca/base/arn.hpp"
#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/statement.hpp"
#include "ca/x509/crl.hpp"
#include "ca/x509/public_key.hpp"

namespace ca {
namespace {

using sqlite::Connection;
using sqlite::Session;
using sqlite::StoreFault;
using Standing = PublishedList::Lost::Standing;

struct Signer {
  std::int64_t row = 0;
  std::string arn;
};

// The first row whose key signed the list.
std::optional<Signer> signer_in(sqlite::Execution rows, const CertificateList& list) {
  while (rows.next()) {
    if (list.is_signed_by(PublicKey::parse(rows.blob(5)))) {
      return Signer{rows.integer(0),
                    AuthorityArn{rows.text(1), rows.text(2), rows.text(3), rows.text(4)}.text()};
    }
  }
  return std::nullopt;
}

// Those of that name first: a long list is hashed once for each key that is tried. Then keys that no longer,
// or not yet, issue; a copy of an older schema has none.
Signer signer_of(Session& session, const CertificateList& list) {
  auto found =
      signer_in(session.query("SELECT authority, partition, region, account, id, spki_der FROM authorities "
                              "WHERE length(spki_der) > 0 ORDER BY subject_der = ?1 DESC",
                              list.issuer.der()),
                list);
  if (!found &&
      session.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'authority_keys'").next()) {
    found = signer_in(session.query("SELECT a.authority, a.partition, a.region, a.account, a.id, k.spki_der "
                                    "FROM authority_keys k JOIN authorities a USING (authority) "
                                    "WHERE length(k.spki_der) > 0 ORDER BY a.subject_der = ?1 DESC",
                                    list.issuer.der()),
                      list);
  }
  if (!found) {
    throw Error{Code::certificate_mismatch,
                "no authority of this ledger has signed the list of " + list.issuer.text()};
  }
  return *std::move(found);
}

// What has no name in the API was written by nobody here; the certificate is revoked all the same.
RevocationReason reason_of(const std::optional<int>& code) {
  constexpr std::array kKnown{
      RevocationReason::key_compromise,         RevocationReason::certificate_authority_compromise,
      RevocationReason::affiliation_changed,    RevocationReason::superseded,
      RevocationReason::cessation_of_operation, RevocationReason::privilege_withdrawn,
      RevocationReason::a_a_compromise};
  const auto* found =
      std::ranges::find_if(kKnown, [&](RevocationReason known) { return code == static_cast<int>(known); });
  return found == kKnown.end() ? RevocationReason::unspecified : *found;
}

// nullopt: it is revoked in the copy as well.
std::optional<Standing> standing_of(Session& session, std::int64_t authority, const SerialNumber& serial) {
  auto row = session.query("SELECT state FROM certificates WHERE issuer = ?1 AND serial = ?2", authority,
                           serial.bytes());
  const std::string state = row.next() ? row.text(0) : "";
  if (state == "R") {
    return std::nullopt;
  }
  return state == "I" ? Standing::issued : state == "P" ? Standing::pending : Standing::absent;
}

}  // namespace

PublishedList compare_published_list(const std::string& copy, ByteView crl_der) {
  const auto list = CertificateList::parse(crl_der);
  try {
    Session session{copy, Connection::Use::still};
    const Signer signer = signer_of(session, list);
    PublishedList compared{.authority = signer.arn,
                           .number = list.number,
                           .this_update = list.this_update,
                           .entry_count = list.entry_count,
                           .lost = {}};
    auto entries = list.entries();
    while (const auto entry = entries.next()) {
      const auto serial = entry->serial_number();
      const auto standing = serial ? standing_of(session, signer.row, *serial) : std::nullopt;
      if (standing) {
        compared.lost.push_back({*serial, entry->revoked_at, reason_of(entry->reason_code), *standing});
      }
    }
    return compared;
  } catch (const StoreFault& fault) {
    throw Error{Code::invalid_state, fault.what()};
  }
}

}  // namespace ca
