#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "ca/base/error.hpp"
#include "ca/inventory/records.hpp"
#include "ca/ledger/sqlite/statement.hpp"

// How records stand in rows: column lists and their readers, side by side.
namespace ca::sqlite {

inline std::int64_t stored(TimePoint time) { return time.time_since_epoch().count(); }
inline std::int64_t stored(Seconds time) { return time.time_since_epoch().count(); }
inline TimePoint time_from(std::int64_t stored) { return TimePoint{std::chrono::milliseconds{stored}}; }
inline Seconds seconds_from(std::int64_t stored) { return Seconds{std::chrono::seconds{stored}}; }

// The DER of the list; empty when the list is.
[[nodiscard]] Bytes stored(const std::vector<Extension>& extensions);
[[nodiscard]] std::string stored(CertificateState state);  // "P", "I", "F", "R"
[[nodiscard]] CertificateState state_from(const std::string& stored);
[[nodiscard]] AuthorityStatus status_from(const std::string& stored);

// The columns of `authorities a` that read_authority wants.
#define CHANCERY_AUTHORITY_COLUMNS                                                                      \
  "a.partition, a.region, a.account, a.id, a.type, a.key_algorithm, a.signing_algorithm, a.status, "    \
  "a.subject_der, a.configuration_json, a.revocation_json, a.tags_json, a.usage_mode, "                 \
  "a.key_storage_security_standard, a.key_token, a.key_uri, a.spki_der, a.csr_der, a.certificate_der, " \
  "a.certificate_pem, a.chain_pem, a.not_before, a.not_after, a.created_at, a.last_state_change_at, "   \
  "a.failure_reason, a.generation, a.version, a.deleted_from, a.restorable_until, a.permissions_json, " \
  "a.policy_json, a.csr_extensions_der, a.ocsp_key_uri, a.ocsp_spki_der, a.ocsp_certificate_der, "      \
  "a.key_number, a.last_key_number"
// Without other_keys, which stand in rows of their own.
[[nodiscard]] AuthorityRecord read_authority(const Execution& row);

// The columns of `authority_keys k` that read_key wants.
#define CHANCERY_KEY_COLUMNS                                                                             \
  "k.number, k.token, k.uri, k.spki_der, k.csr_der, k.certificate_der, k.certificate_pem, k.chain_pem, " \
  "k.not_before, k.not_after, k.ocsp_key_uri, k.ocsp_spki_der, k.ocsp_certificate_der, k.retired_at"
[[nodiscard]] KeyGeneration read_key(const Execution& row);

// The columns that read_certificate wants, and the tables that give them.
#define CHANCERY_CERTIFICATE_COLUMNS                                                                        \
  "a.partition, a.region, a.account, a.id, c.certificate, c.serial, c.state, c.self_signed, c.not_before, " \
  "c.not_after, c.requested_at, c.revoked_at, c.revocation_reason, c.failure_reason, c.template_name, "     \
  "c.signing_algorithm, c.account, c.requested_by, c.request_id, c.device_id, c.idempotency_token, "        \
  "c.key_hash, c.subject, c.tbs_der, s.issued_at, s.der, c.profile, "                                       \
  "c.passed_through_der, c.key_number"
#define CHANCERY_CERTIFICATE_JOINS                       \
  " CROSS JOIN authorities a ON a.authority = c.issuer " \
  "LEFT JOIN signed_certificates s ON s.certificate = c.certificate "
struct CertificateRow {
  std::int64_t certificate;  // its rowid: the order of arrival
  CertificateRecord record;
};
[[nodiscard]] CertificateRow read_certificate(const Execution& row);

#define CHANCERY_REPORT_COLUMNS \
  "a.partition, a.region, a.account, a.id, r.id, r.bucket, r.format, r.status, r.created_at"
[[nodiscard]] AuditReportRecord read_report(const Execution& row);

#define CHANCERY_CRL_COLUMNS                                                                          \
  "a.partition, a.region, a.account, a.id, l.name, l.complete, l.uri, l.object_key, l.certificates, " \
  "l.last_not_after, l.revocations, l.number, l.issued_number, l.covered, l.entries, l.issued_at, "   \
  "l.next_update, l.scheduled_at, l.previous_scheduled_at, l.sha256, l.key_number"
[[nodiscard]] CrlRecord read_crl(const Execution& row);

[[nodiscard]] Sha256 read_hash(const Execution& row, int column);
[[nodiscard]] std::optional<RevocationReason> reason_from(std::optional<std::int64_t> code);

}  // namespace ca::sqlite
