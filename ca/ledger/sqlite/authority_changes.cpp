#include "ca/ledger/sqlite/authority_changes.hpp"

#include "ca/ledger/sqlite/rows.hpp"

namespace ca::sqlite {
namespace {

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::optional<std::int64_t> not_before_of(const KeyGeneration& record) {
  return record.validity ? std::optional{stored(record.validity->not_before)} : std::nullopt;
}

std::optional<std::int64_t> not_after_of(const KeyGeneration& record) {
  return record.validity ? std::optional{stored(record.validity->not_after)} : std::nullopt;
}

std::optional<std::string_view> deleted_from_of(const AuthorityRecord& record) {
  return record.deleted_from ? std::optional{api_name(*record.deleted_from)} : std::nullopt;
}

std::optional<std::int64_t> restorable_until_of(const AuthorityRecord& record) {
  return record.restorable_until ? std::optional{stored(*record.restorable_until)} : std::nullopt;
}

void write_other_keys(Session& session, std::int64_t authority, const AuthorityRecord& record) {
  for (const KeyGeneration& k : record.other_keys) {
    session.run(
        "INSERT INTO authority_keys (authority, number, token, uri, spki_der, csr_der, certificate_der, "
        "certificate_pem, chain_pem, not_before, not_after, ocsp_key_uri, ocsp_spki_der, "
        "ocsp_certificate_der, retired_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        authority, number(k.key_number), k.key_token, k.key_uri, k.spki_der, k.csr_der, k.certificate_der,
        k.certificate_pem, k.chain_pem, not_before_of(k), not_after_of(k), k.ocsp_key_uri, k.ocsp_spki_der,
        k.ocsp_certificate_der, k.retired_at ? std::optional{stored(*k.retired_at)} : std::nullopt);
  }
}

}  // namespace

std::optional<std::int64_t> authority_key(Session& session, const AuthorityArn& arn) {
  auto row = session.query(
      "SELECT authority FROM authorities WHERE id = ?1 AND account = ?2 AND region = ?3 AND partition = ?4",
      arn.id, arn.account, arn.region, arn.partition);
  return row.next() ? std::optional{row.integer(0)} : std::nullopt;
}

std::int64_t insert_authority(Session& session, const AuthorityRecord& r) {
  try {
    session.run(
        "INSERT INTO authorities (id, partition, region, account, type, key_algorithm, signing_algorithm, "
        "status, subject_der, configuration_json, revocation_json, tags_json, usage_mode, "
        "key_storage_security_standard, key_token, key_uri, spki_der, csr_der, certificate_der, "
        "certificate_pem, chain_pem, not_before, not_after, created_at, last_state_change_at, "
        "failure_reason, generation, version, deleted_from, restorable_until, permissions_json, policy_json, "
        "csr_extensions_der, ocsp_key_uri, ocsp_spki_der, ocsp_certificate_der, key_number, "
        "last_key_number) VALUES (?1, "
        "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
        "?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38)",
        r.arn.id, r.arn.partition, r.arn.region, r.arn.account, api_name(r.type), api_name(r.key_algorithm),
        api_name(r.signing_algorithm), api_name(r.status), r.subject_der, r.configuration_json,
        r.revocation_json, r.tags_json, r.usage_mode, r.key_storage_security_standard, r.key_token, r.key_uri,
        r.spki_der, r.csr_der, r.certificate_der, r.certificate_pem, r.chain_pem, not_before_of(r),
        not_after_of(r), stored(r.created_at), stored(r.last_state_change_at), r.failure_reason,
        static_cast<std::int64_t>(r.generation), static_cast<std::int64_t>(r.version), deleted_from_of(r),
        restorable_until_of(r), r.permissions_json, r.policy_json, stored(r.csr_extensions), r.ocsp_key_uri,
        r.ocsp_spki_der, r.ocsp_certificate_der, number(r.key_number), number(r.last_key_number));
  } catch (const StoreFault& fault) {
    if (fault.extended_code() == SQLITE_CONSTRAINT_UNIQUE) {
      throw Error{Code::conflict, "an authority with this ARN exists already"};
    }
    throw;
  }
  const std::int64_t authority = sqlite3_last_insert_rowid(session.connection().handle());
  write_other_keys(session, authority, r);
  return authority;
}

CommitResult::Outcome update_authority(Session& session, const AuthorityRecord& r) {
  const auto authority = authority_key(session, r.arn);
  if (!authority) {
    return CommitResult::Outcome::missing;
  }
  const int changed = session.run(
      "UPDATE authorities SET type = ?3, key_algorithm = ?4, signing_algorithm = ?5, status = ?6, "
      "subject_der = ?7, configuration_json = ?8, revocation_json = ?9, tags_json = ?10, usage_mode = ?11, "
      "key_storage_security_standard = ?12, key_token = ?13, key_uri = ?14, spki_der = ?15, csr_der = ?16, "
      "certificate_der = ?17, certificate_pem = ?18, chain_pem = ?19, not_before = ?20, not_after = ?21, "
      "created_at = ?22, last_state_change_at = ?23, failure_reason = ?24, generation = ?25, "
      "deleted_from = ?26, restorable_until = ?27, permissions_json = ?28, policy_json = ?29, "
      "csr_extensions_der = ?30, ocsp_key_uri = ?31, ocsp_spki_der = ?32, ocsp_certificate_der = ?33, "
      "key_number = ?34, last_key_number = ?35, version = ?2 + 1 "
      "WHERE authority = ?1 AND version = ?2",
      *authority, static_cast<std::int64_t>(r.version), api_name(r.type), api_name(r.key_algorithm),
      api_name(r.signing_algorithm), api_name(r.status), r.subject_der, r.configuration_json,
      r.revocation_json, r.tags_json, r.usage_mode, r.key_storage_security_standard, r.key_token, r.key_uri,
      r.spki_der, r.csr_der, r.certificate_der, r.certificate_pem, r.chain_pem, not_before_of(r),
      not_after_of(r), stored(r.created_at), stored(r.last_state_change_at), r.failure_reason,
      static_cast<std::int64_t>(r.generation), deleted_from_of(r), restorable_until_of(r), r.permissions_json,
      r.policy_json, stored(r.csr_extensions), r.ocsp_key_uri, r.ocsp_spki_der, r.ocsp_certificate_der,
      number(r.key_number), number(r.last_key_number));
  if (changed != 1) {
    return CommitResult::Outcome::stale;
  }
  session.run("DELETE FROM authority_keys WHERE authority = ?1", *authority);
  write_other_keys(session, *authority, r);
  return CommitResult::Outcome::applied;
}

}  // namespace ca::sqlite
