#include "ca/issuance/issue.hpp"

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/policy/key_checks.hpp"

namespace ca {
namespace {

AuditEvent event_of(const CertificateRecord& record, const std::string& type) {
  AuditEvent event;
  event.type = type;
  event.outcome = "ok";
  event.principal = record.requested_by;
  event.account = record.account;
  event.request_id = record.request_id;
  event.authority = record.issuer.text();
  event.serial = record.serial.hex();
  event.tbs_sha256 = to_hex(sha256(record.tbs_der));
  return event;
}

AuditEvent pending_event(const CertificateRecord& record) {
  AuditEvent event = event_of(record, "certificate.pending");
  event.detail = {{"template", record.template_name},
                  {"subject", record.subject},
                  {"not_before", rfc3339(record.validity.not_before)},
                  {"not_after", rfc3339(record.validity.not_after)},
                  {"key_sha256", to_hex(record.key_hash)}};
  if (!record.device_id.empty()) {
    event.detail["device_id"] = record.device_id;
  }
  return event;
}

CertificateRecord record_of(const IssuancePlan& plan, const SerialNumber& serial,
                            const ToBeSigned& to_be_signed, TimePoint now) {
  CertificateRecord record{.issuer = plan.issuer, .serial = serial};
  record.self_signed = plan.tmpl.is_root;
  record.template_name = std::string{plan.tmpl.name};
  record.signing_algorithm = to_be_signed.algorithm();
  record.tbs_der = to_be_signed.der();
  record.subject = plan.request.subject.text();
  record.validity = plan.validity;
  record.key_hash = sha256(plan.request.public_key.spki_der());
  record.account = plan.caller.account;
  record.requested_by = plan.caller.principal_arn;
  record.request_id = plan.caller.request_id;
  record.device_id = plan.device_id;
  record.idempotency_token = plan.claim ? plan.claim->token : "";
  record.requested_at = now;
  return record;
}

}  // namespace

Issuance::Issuance(Ledger& ledger, Inventory& inventory, Signer& signer, const Clock& clock,
                   Objection objection)
    : ledger_{ledger},
      inventory_{inventory},
      signer_{signer},
      clock_{clock},
      objection_{std::move(objection)} {}

CertificateRecord Issuance::issue(const IssuancePlan& plan, Deadline deadline) {
  check_subject_key(plan.request.public_key);
  const SerialNumber serial = SerialNumber::random();
  const TbsCertificate tbs = build_tbs({.tmpl = plan.tmpl,
                                        .issuer = plan.identity,
                                        .request = plan.request,
                                        .serial = serial,
                                        .validity = plan.validity,
                                        .signing_algorithm = plan.signing_algorithm,
                                        .pointers = plan.pointers});
  const ToBeSigned to_be_signed = lint(tbs, plan.tmpl, plan.identity);
  CertificateRecord record = record_of(plan, serial, to_be_signed, clock_.now());

  // Claimed before the row exists, so that the background worker cannot sign it beside us.
  const auto mine = claim(serial);
  const CommitResult intent =
      ledger_.commit({InsertPending{record, plan.claim, !plan.device_id.empty()}, {pending_event(record)}})
          .get();
  switch (intent.outcome) {
    case CommitResult::Outcome::applied:
      break;
    case CommitResult::Outcome::existing:
      return existing(plan, intent.existing_serial.value());
    case CommitResult::Outcome::conflict:
      throw Error{
          Code::conflict,
          "this idempotency token was used for another request less than five minutes ago: use a new one"};
    case CommitResult::Outcome::missing:
    case CommitResult::Outcome::wrong_state:
    case CommitResult::Outcome::stale:
      throw Error{Code::internal, "the ledger refused the intent"};
  }
  try {
    return complete(record, to_be_signed, plan.key, deadline);
  } catch (const Error&) {
    // The intent is durable: the caller has the ARN, and the background worker goes on from here.
    return record;
  }
}

CertificateRecord Issuance::resume(CertificateRecord record, const Template& tmpl,
                                   const IssuerIdentity& identity, const SigningKey& key, Deadline deadline) {
  std::optional<ToBeSigned> to_be_signed;
  try {
    to_be_signed = lint_stored({.der = record.tbs_der,
                                .serial = record.serial,
                                .validity = record.validity,
                                .key_hash = record.key_hash,
                                .algorithm = record.signing_algorithm},
                               tmpl, identity);
  } catch (const Error& error) {
    return failed(std::move(record), error.what());
  }
  return complete(std::move(record), *to_be_signed, key, deadline);
}

CertificateRecord Issuance::complete(CertificateRecord record, const ToBeSigned& to_be_signed,
                                     const SigningKey& key, Deadline deadline) {
  if (const auto reason = objection_(record)) {
    return failed(std::move(record), *reason);
  }
  const Bytes signature = signer_.sign(key, to_be_signed, deadline);
  if (const auto reason = objection_(record)) {
    return failed(std::move(record), *reason);
  }
  record.der = assemble_signed(to_be_signed.der(), to_be_signed.algorithm(), signature);
  record.issued_at = clock_.now();
  AuditEvent issued = event_of(record, "certificate.issued");
  issued.der_sha256 = to_hex(sha256(record.der));
  const CommitResult result =
      ledger_
          .commit(
              {MarkIssued{record.issuer, record.serial, record.der, *record.issued_at}, {std::move(issued)}})
          .get();
  if (result.outcome != CommitResult::Outcome::applied) {
    return stored(record);
  }
  record.state = CertificateState::issued;
  return record;
}

CertificateRecord Issuance::failed(CertificateRecord record, const std::string& reason) {
  AuditEvent event = event_of(record, "certificate.failed");
  event.outcome = "failed";
  event.detail = {{"reason", reason}};
  const CommitResult result =
      ledger_.commit({MarkFailed{record.issuer, record.serial, reason}, {std::move(event)}}).get();
  if (result.outcome != CommitResult::Outcome::applied) {
    return stored(record);
  }
  record.state = CertificateState::failed;
  record.failure_reason = reason;
  return record;
}

// Somebody finished the row before us: what is stored is the truth, our bytes are dropped (I1).
CertificateRecord Issuance::stored(const CertificateRecord& record) {
  auto found = inventory_.certificate(record.issuer, record.serial);
  if (!found) {
    throw Error{Code::internal, "the intent of this certificate is gone from the ledger"};
  }
  return *std::move(found);
}

CertificateRecord Issuance::existing(const IssuancePlan& plan, const SerialNumber& serial) {
  auto record = inventory_.certificate(plan.issuer, serial);
  if (!record) {
    throw Error{Code::internal, "the certificate of this idempotency token is gone from the ledger"};
  }
  return *std::move(record);
}

std::optional<Issuance::Claim> Issuance::claim(const SerialNumber& serial) {
  std::string hex = serial.hex();
  const std::lock_guard lock{mutex_};
  if (!in_flight_.insert(hex).second) {
    return std::nullopt;
  }
  return Claim{*this, std::move(hex)};
}

Issuance::Claim::Claim(Claim&& other) noexcept : owner_{other.owner_}, serial_{std::move(other.serial_)} {
  other.owner_ = nullptr;
}

Issuance::Claim::~Claim() {
  if (owner_ != nullptr) {
    const std::lock_guard lock{owner_->mutex_};
    owner_->in_flight_.erase(serial_);
  }
}

}  // namespace ca
