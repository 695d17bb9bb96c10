#include "tests/integration/ledger/records.hpp"

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace test {

using namespace std::chrono_literals;

ca::AuthorityRecord make_authority(ca::TimePoint created_at, const std::string& account) {
  ca::AuthorityRecord record;
  record.arn = {"aws", "eu-central-1", account, ca::random_uuid()};
  record.subject_der = {0x30, 0x00};
  record.configuration_json = R"({"KeyAlgorithm":"EC_prime256v1"})";
  record.revocation_json = "{}";
  record.tags_json = "[]";
  record.key_token = "token";
  record.status = ca::AuthorityStatus::active;
  record.created_at = record.last_state_change_at = created_at;
  return record;
}

ca::KeyGeneration make_key(std::uint64_t number, std::optional<ca::TimePoint> retired_at) {
  const auto byte = static_cast<std::uint8_t>(number);
  const std::string text = std::to_string(number);
  ca::KeyGeneration key{.key_number = number,
                        .key_token = "token " + text,
                        .key_uri = "pkcs11:object=" + text,
                        .spki_der = {0x30, byte},
                        .csr_der = {0x31, byte}};
  if (retired_at) {
    key.certificate_der = {0x32, byte};
    key.certificate_pem = "certificate " + text;
    key.chain_pem = "chain " + text;
    key.validity = ca::Validity{ca::to_seconds(*retired_at) - 24h, ca::to_seconds(*retired_at) + 24h};
    key.ocsp_key_uri = "pkcs11:object=ocsp-" + text;
    key.ocsp_spki_der = {0x33, byte};
    key.ocsp_certificate_der = {0x34, byte};
    key.retired_at = retired_at;
  }
  return key;
}

ca::CertificateRecord make_certificate(const ca::AuthorityRecord& issuer, ca::TimePoint now) {
  ca::CertificateRecord record{.issuer = issuer.arn, .serial = ca::SerialNumber::random()};
  record.template_name = "EndEntityCertificate";
  record.tbs_der = ca::Bytes(700, 0x30);
  record.subject = "CN=pump-7,O=Example";
  record.validity = {ca::to_seconds(now), ca::to_seconds(now) + 24h - 1s};
  record.key_hash = ca::sha256(record.serial.bytes());
  record.account = issuer.arn.account;
  record.requested_by = "arn:aws:iam::" + issuer.arn.account + ":user/provisioner";
  record.request_id = "request-" + record.serial.hex().substr(0, 8);
  record.requested_at = now;
  return record;
}

ca::AuditEvent event_of(const std::string& type, const std::string& serial) {
  ca::AuditEvent event;
  event.type = type;
  event.outcome = "ok";
  event.serial = serial;
  return event;
}

ca::LedgerEntry insert(const ca::AuthorityRecord& record, std::optional<ca::IdempotencyClaim> claim) {
  return {ca::InsertAuthority{record, std::move(claim)}, {event_of("authority.creating")}};
}

ca::LedgerEntry insert(const ca::CertificateRecord& record, std::optional<ca::IdempotencyClaim> claim,
                       bool once_per_device_key) {
  return {ca::InsertPending{record, std::move(claim), once_per_device_key},
          {event_of("certificate.pending", record.serial.hex())}};
}

ca::LedgerEntry issued(const ca::CertificateRecord& record, ca::TimePoint now) {
  return {ca::MarkIssued{record.issuer, record.serial, der_of(record), now},
          {event_of("certificate.issued", record.serial.hex())}};
}

ca::LedgerEntry failed(const ca::CertificateRecord& record) {
  return {ca::MarkFailed{record.issuer, record.serial, "the key is gone"},
          {event_of("certificate.failed", record.serial.hex())}};
}

ca::LedgerEntry revoked(const ca::CertificateRecord& record, ca::TimePoint now) {
  return {ca::MarkRevoked{record.issuer, record.serial, ca::RevocationReason::key_compromise, now},
          {event_of("certificate.revoked", record.serial.hex())}};
}

ca::Bytes der_of(const ca::CertificateRecord& record) {
  ca::Bytes der = record.tbs_der;
  der.insert(der.end(), record.serial.bytes().begin(), record.serial.bytes().end());
  return der;
}

std::string outcome_of(const ca::CommitResult& result) {
  switch (result.outcome) {
    case ca::CommitResult::Outcome::applied:
      return "applied";
    case ca::CommitResult::Outcome::existing:
      return "existing";
    case ca::CommitResult::Outcome::conflict:
      return "conflict";
    case ca::CommitResult::Outcome::missing:
      return "missing";
    case ca::CommitResult::Outcome::wrong_state:
      return "wrong_state";
    case ca::CommitResult::Outcome::stale:
      return "stale";
    case ca::CommitResult::Outcome::not_issuing:
      return "not_issuing";
  }
  return "";
}

std::string outcome_of(std::future<ca::CommitResult> future) {
  try {
    return outcome_of(future.get());
  } catch (const ca::Error& error) {
    return std::string{name_of(error.code())};
  }
}

}  // namespace test
