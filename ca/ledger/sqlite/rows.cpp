#include "ca/ledger/sqlite/rows.hpp"

#include <algorithm>

namespace ca::sqlite {
namespace {

// What a row holds was written by this store: a value that it does not know is damage, or a newer build.
template <class Value>
Value known(const std::optional<Value>& value, const char* column) {
  if (!value) {
    throw Error{Code::internal, std::string{"the store holds an unknown value in column "} + column};
  }
  return *value;
}

AuthorityArn read_arn(const Execution& row) { return {row.text(0), row.text(1), row.text(2), row.text(3)}; }

std::uint64_t count_from(const Execution& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

std::vector<Extension> read_extensions(const Bytes& der) {
  return der.empty() ? std::vector<Extension>{} : parse_extensions(der);
}

}  // namespace

Sha256 read_hash(const Execution& row, int column) {
  const Bytes stored = row.blob(column);
  Sha256 hash{};
  if (stored.size() != hash.size()) {
    throw Error{Code::internal, "the store holds a hash of a wrong length"};
  }
  std::copy(stored.begin(), stored.end(), hash.begin());
  return hash;
}

Bytes stored(const std::vector<Extension>& extensions) {
  return extensions.empty() ? Bytes{} : encode_extensions(extensions);
}

std::string stored(CertificateState state) {
  switch (state) {
    case CertificateState::pending:
      return "P";
    case CertificateState::issued:
      return "I";
    case CertificateState::failed:
      return "F";
    case CertificateState::revoked:
      return "R";
  }
  return "";
}

CertificateState state_from(const std::string& text) {
  for (const auto state : {CertificateState::pending, CertificateState::issued, CertificateState::failed,
                           CertificateState::revoked}) {
    if (stored(state) == text) {
      return state;
    }
  }
  throw Error{Code::internal, "the store holds an unknown value in column state"};
}

AuthorityStatus status_from(const std::string& text) {
  return known(authority_status_from_api(text), "status");
}

std::optional<RevocationReason> reason_from(std::optional<std::int64_t> code) {
  if (!code) {
    return std::nullopt;
  }
  for (const auto reason :
       {RevocationReason::unspecified, RevocationReason::key_compromise,
        RevocationReason::certificate_authority_compromise, RevocationReason::affiliation_changed,
        RevocationReason::superseded, RevocationReason::cessation_of_operation,
        RevocationReason::privilege_withdrawn, RevocationReason::a_a_compromise}) {
    if (static_cast<std::int64_t>(reason) == *code) {
      return reason;
    }
  }
  throw Error{Code::internal, "the store holds an unknown value in column revocation_reason"};
}

AuthorityRecord read_authority(const Execution& row) {
  AuthorityRecord record;
  record.arn = read_arn(row);
  record.type = known(authority_type_from_api(row.text(4)), "type");
  record.key_algorithm = known(key_algorithm_from_api(row.text(5)), "key_algorithm");
  record.signing_algorithm = known(signing_algorithm_from_api(row.text(6)), "signing_algorithm");
  record.status = status_from(row.text(7));
  record.subject_der = row.blob(8);
  record.configuration_json = row.text(9);
  record.revocation_json = row.text(10);
  record.tags_json = row.text(11);
  record.usage_mode = row.text(12);
  record.key_storage_security_standard = row.text(13);
  record.key_token = row.text(14);
  record.key_uri = row.text(15);
  record.spki_der = row.blob(16);
  record.csr_der = row.blob(17);
  record.certificate_der = row.blob(18);
  record.certificate_pem = row.text(19);
  record.chain_pem = row.text(20);
  if (!row.is_null(21) && !row.is_null(22)) {
    record.validity = Validity{seconds_from(row.integer(21)), seconds_from(row.integer(22))};
  }
  record.created_at = time_from(row.integer(23));
  record.last_state_change_at = time_from(row.integer(24));
  record.failure_reason = row.text(25);
  record.generation = static_cast<std::uint64_t>(row.integer(26));
  record.version = static_cast<std::uint64_t>(row.integer(27));
  if (!row.is_null(28)) {
    record.deleted_from = status_from(row.text(28));
  }
  if (const auto until = row.maybe_integer(29)) {
    record.restorable_until = time_from(*until);
  }
  record.permissions_json = row.text(30);
  record.policy_json = row.text(31);
  record.csr_extensions = read_extensions(row.blob(32));
  record.ocsp_key_uri = row.text(33);
  record.ocsp_spki_der = row.blob(34);
  record.ocsp_certificate_der = row.blob(35);
  record.key_number = count_from(row, 36);
  record.last_key_number = count_from(row, 37);
  return record;
}

KeyGeneration read_key(const Execution& row) {
  KeyGeneration key;
  key.key_number = count_from(row, 0);
  key.key_token = row.text(1);
  key.key_uri = row.text(2);
  key.spki_der = row.blob(3);
  key.csr_der = row.blob(4);
  key.certificate_der = row.blob(5);
  key.certificate_pem = row.text(6);
  key.chain_pem = row.text(7);
  if (!row.is_null(8) && !row.is_null(9)) {
    key.validity = Validity{seconds_from(row.integer(8)), seconds_from(row.integer(9))};
  }
  key.ocsp_key_uri = row.text(10);
  key.ocsp_spki_der = row.blob(11);
  key.ocsp_certificate_der = row.blob(12);
  if (const auto retired_at = row.maybe_integer(13)) {
    key.retired_at = time_from(*retired_at);
  }
  return key;
}

CertificateRow read_certificate(const Execution& row) {
  CertificateRecord record{.issuer = read_arn(row), .serial = SerialNumber::from_bytes(row.blob(5))};
  record.state = state_from(row.text(6));
  record.self_signed = row.integer(7) != 0;
  record.validity = {seconds_from(row.integer(8)), seconds_from(row.integer(9))};
  record.requested_at = time_from(row.integer(10));
  if (const auto revoked_at = row.maybe_integer(11)) {
    record.revoked_at = time_from(*revoked_at);
  }
  record.revocation_reason = reason_from(row.maybe_integer(12));
  record.failure_reason = row.text(13);
  record.template_name = row.text(14);
  record.signing_algorithm = known(signing_algorithm_from_api(row.text(15)), "signing_algorithm");
  record.account = row.text(16);
  record.requested_by = row.text(17);
  record.request_id = row.text(18);
  record.device_id = row.text(19);
  record.idempotency_token = row.text(20);
  record.key_hash = read_hash(row, 21);
  record.subject = row.text(22);
  record.tbs_der = row.blob(23);
  if (const auto issued_at = row.maybe_integer(24)) {
    record.issued_at = time_from(*issued_at);
  }
  record.der = row.blob(25);
  record.profile = row.text(26);
  record.passed_through = read_extensions(row.blob(27));
  record.key_number = count_from(row, 28);
  return {row.integer(4), std::move(record)};
}

AuditReportRecord read_report(const Execution& row) {
  AuditReportRecord record;
  record.authority = read_arn(row);
  record.id = row.text(4);
  record.bucket = row.text(5);
  record.format = known(report_format_from_api(row.text(6)), "format");
  record.status = known(report_status_from_api(row.text(7)), "status");
  record.created_at = time_from(row.integer(8));
  return record;
}

CrlRecord read_crl(const Execution& row) {
  CrlRecord record;
  record.authority = read_arn(row);
  record.name = row.text(4);
  record.complete = row.integer(5) != 0;
  record.uri = row.text(6);
  record.key = row.text(7);
  record.certificates = count_from(row, 8);
  record.last_not_after = seconds_from(row.integer(9));
  record.revocations = count_from(row, 10);
  record.number = count_from(row, 11);
  if (!row.is_null(12)) {
    record.issued = CrlRecord::Issued{.number = count_from(row, 12),
                                      .covered = count_from(row, 13),
                                      .entries = count_from(row, 14),
                                      .issued_at = time_from(row.integer(15)),
                                      .next_update = seconds_from(row.integer(16)),
                                      .scheduled_at = time_from(row.integer(17)),
                                      .previous_scheduled_at = time_from(row.integer(18)),
                                      .sha256 = read_hash(row, 19)};
  }
  record.key_number = count_from(row, 20);
  return record;
}

}  // namespace ca::sqlite
