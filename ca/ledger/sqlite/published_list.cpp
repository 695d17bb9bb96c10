#include "ca/ledger/sqlite/published_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ca/base/arn.hpp"
#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/statement.hpp"
#include "ca/x509/certificate.hpp"
#include "ca/x509/crl.hpp"
#include "ca/x509/public_key.hpp"

namespace ca {
namespace {

using sqlite::Connection;
using sqlite::Session;
using sqlite::StoreFault;
using Standing = PublishedList::Lost::Standing;

struct Key {
  std::int64_t authority = 0;  // row
  std::string arn;
  std::uint64_t number = 1;
  PublicKey key;
  Bytes id;                   // of its certificate
  bool of_that_name = false;  // its authority has the name that the list has for its issuer
};

bool has_table(Session& session, const std::string& name) {
  return session.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", name).next();
}

// Those of that name first: a long list is hashed once for each key that is tried. Also keys that no longer,
// or not yet, issue; a copy of an older schema has none.
std::vector<Key> keys_in(Session& session, bool several, const DistinguishedName& issuer) {
  constexpr std::string_view kOne =
      "SELECT authority, partition, region, account, id, 1, spki_der, certificate_der, subject_der "
      "FROM authorities WHERE length(spki_der) > 0";
  constexpr std::string_view kAll =
      "SELECT authority, partition, region, account, id, key_number, spki_der, certificate_der, subject_der "
      "FROM authorities WHERE length(spki_der) > 0 UNION ALL "
      "SELECT a.authority, a.partition, a.region, a.account, a.id, k.number, k.spki_der, k.certificate_der, "
      "a.subject_der FROM authority_keys k JOIN authorities a USING (authority) "
      "WHERE length(k.spki_der) > 0";
  std::vector<Key> keys;
  auto row = session.query(several ? kAll : kOne);
  while (row.next()) {
    Key key{.authority = row.integer(0),
            .arn = AuthorityArn{row.text(1), row.text(2), row.text(3), row.text(4)}.text(),
            .number = static_cast<std::uint64_t>(row.integer(5)),
            .key = PublicKey::parse(row.blob(6)),
            .id = {},
            .of_that_name = row.blob(8) == issuer.der()};
    key.id = key.key.subject_key_id();
    if (const Bytes der = row.blob(7); !der.empty()) {  // its parent may have written the name in another way
      const Certificate certificate = Certificate::parse(der);
      key.of_that_name = certificate.subject == issuer;
      key.id = certificate.subject_key_id().value_or(key.id);
    }
    keys.push_back(std::move(key));
  }
  std::ranges::stable_partition(keys, &Key::of_that_name);
  return keys;
}

struct Signer {
  Key key;
  bool known = true;  // false: a key that is not in the copy, of an authority that has this one
};

bool has_certificate(Session& session, std::int64_t authority, const SerialNumber& serial) {
  return session
      .query("SELECT 1 FROM certificates WHERE issuer = ?1 AND serial = ?2", authority, serial.bytes())
      .next();
}

// Of several authorities with one name, that which has one of the list's certificates; else the first.
const Key& most_likely(Session& session, const std::vector<Key>& keys, const CertificateList& list) {
  auto entries = list.entries();
  while (const auto entry = entries.next()) {
    const auto serial = entry->serial_number();
    for (const Key& key : keys) {
      if (serial && key.of_that_name && has_certificate(session, key.authority, *serial)) {
        return key;
      }
    }
  }
  return *std::ranges::find_if(keys, &Key::of_that_name);
}

Signer signer_of(Session& session, const std::vector<Key>& keys, const CertificateList& list) {
  const auto signer = std::ranges::find_if(keys, [&](const Key& key) { return list.is_signed_by(key.key); });
  if (signer != keys.end()) {
    return {*signer};
  }
  if (std::ranges::none_of(keys, &Key::of_that_name)) {
    throw Error{Code::certificate_mismatch,
                "no authority of this ledger has signed the list of " + list.issuer.text()};
  }
  if (list.authority_key_id && std::ranges::any_of(keys, [&](const Key& key) {
        return key.of_that_name && key.id == *list.authority_key_id;
      })) {
    throw Error{Code::certificate_mismatch,
                "no authority of this ledger has signed the list as it is: the key of " + list.issuer.text() +
                    " that it names is here, and its signature is another"};
  }
  return {most_likely(session, keys, list), false};
}

std::optional<std::string> series_of(Session& session, const Key& signer, bool several,
                                     const CertificateList& list) {
  if (!has_table(session, "crls")) {
    return std::nullopt;
  }
  if (list.distribution_point_uris.empty()) {
    auto row =
        several ? session.query("SELECT name FROM crls WHERE authority = ?1 AND complete AND key_number = ?2",
                                signer.authority, static_cast<std::int64_t>(signer.number))
                : session.query("SELECT name FROM crls WHERE authority = ?1 AND complete", signer.authority);
    return row.next() ? std::optional{row.text(0)} : std::nullopt;
  }
  for (const std::string& uri : list.distribution_point_uris) {
    auto row = session.query("SELECT name FROM crls WHERE authority = ?1 AND NOT complete AND uri = ?2",
                             signer.authority, uri);
    if (row.next()) {
      return row.text(0);
    }
  }
  return std::nullopt;
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
    const bool several = has_table(session, "authority_keys");
    const Signer signer = signer_of(session, keys_in(session, several, list.issuer), list);
    PublishedList compared{.authority = signer.key.arn,
                           .signer_known = signer.known,
                           .series = {},
                           .number = list.number,
                           .this_update = list.this_update,
                           .entry_count = list.entry_count,
                           .lost = {}};
    if (signer.known) {
      compared.series = series_of(session, signer.key, several, list);
    }
    auto entries = list.entries();
    while (const auto entry = entries.next()) {
      const auto serial = entry->serial_number();
      const auto standing = serial ? standing_of(session, signer.key.authority, *serial) : std::nullopt;
      if (standing) {
        compared.lost.push_back({*serial, entry->revoked_at, reason_of(entry->reason_code), *standing});
      }
    }
    return compared;
  } catch (const StoreFault& fault) {
    throw Error{Code::invalid_state, fault.what()};
  }
}

void raise_crl_numbers(const std::string& copy, const std::map<std::string, std::uint64_t>& numbers) {
  if (numbers.empty()) {
    return;
  }
  try {
    Session session{copy, Connection::Use::write};
    for (const auto& [series, number] : numbers) {
      if (!std::in_range<std::int64_t>(number)) {
        throw Error{Code::malformed_crl, "a CRL number " + std::to_string(number) + " is none of ours"};
      }
      session.run("UPDATE crls SET number = ?2 WHERE name = ?1 AND number < ?2", series,
                  static_cast<std::int64_t>(number));
    }
    if (!session.connection().checkpoint_truncate()) {
      throw Error{Code::unavailable, copy + ": somebody else reads it"};
    }
  } catch (const StoreFault& fault) {
    throw Error{Code::unavailable, fault.what()};
  }
}

}  // namespace ca
