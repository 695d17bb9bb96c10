#include "ca/issuance/issue.hpp"

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/policy/key_checks.hpp"

namespace ca {
namespace {

constexpr const char* kNotIssuing =
    "The certificate authority is not in a valid state for issuing certificates";

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

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& part : texts) {
    text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

// The names that no relying party sees in the subject.
std::string alt_names_text(const TbsCertificate& tbs) {
  std::vector<std::string> texts;
  for (const Extension& extension : tbs.extensions) {
    if (extension.id == oid::kSubjectAltName) {
      for (const GeneralName& name : parse_general_names(extension.value)) {
        texts.push_back(name.text());
      }
    }
  }
  return joined(texts);
}

std::string ids_text(const std::vector<Extension>& extensions) {
  std::vector<std::string> ids;
  for (const Extension& extension : extensions) {
    ids.push_back(extension.id);
  }
  return joined(ids);
}

AuditEvent pending_event(const IssuancePlan& plan, const CertificateRecord& record,
                         const std::string& alt_names) {
  AuditEvent event = event_of(record, "certificate.pending");
  event.detail = {{"template", record.template_name},
                  {"subject", record.subject},
                  {"not_before", rfc3339(record.validity.not_before)},
                  {"not_after", rfc3339(record.validity.not_after)},
                  {"key_sha256", to_hex(record.key_hash)},
                  {"subject_alt_names", alt_names},
                  {"passed_through", ids_text(record.passed_through)},
                  {"device_id", record.device_id},
                  {"profile", record.profile},
                  {"caller_device", plan.caller.device_id.value_or("")}};
  return event;
}

CertificateRecord record_of(const IssuancePlan& plan, const TbsCertificate& tbs,
                            const ToBeSigned& to_be_signed, TimePoint now) {
  CertificateRecord record{.issuer = plan.issuer.arn, .serial = tbs.serial};
  record.self_signed = plan.tmpl.is_root;
  record.template_name = std::string{plan.tmpl.name};
  record.signing_algorithm = to_be_signed.algorithm();
  record.tbs_der = to_be_signed.der();
  record.subject = tbs.subject.text();
  record.validity = plan.validity;
  record.key_number = plan.issuer.key_number;
  record.key_hash = sha256(plan.request.public_key.spki_der());
  record.account = plan.caller.account;
  record.requested_by = plan.caller.principal_arn;
  record.request_id = plan.caller.request_id;
  record.device_id = plan.device_id;
  record.profile = plan.profile;
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

Issuance::Result Issuance::issue(const IssuancePlan& plan, Deadline deadline) {
  check_subject_key(plan.request.public_key);
  const SerialNumber serial = SerialNumber::random();
  const TbsCertificate tbs = build_tbs({.tmpl = plan.tmpl,
                                        .issuer = plan.issuer.identity,
                                        .request = plan.request,
                                        .api = plan.api,
                                        .serial = serial,
                                        .validity = plan.validity,
                                        .signing_algorithm = plan.signing_algorithm,
                                        .pointers = plan.pointers});
  const Asked asked{plan.request.subject, plan.request.extensions, plan.api, plan.pointers};
  const ToBeSigned to_be_signed = lint(tbs, plan.tmpl, plan.issuer.identity, asked);
  Result result{.record = record_of(plan, tbs, to_be_signed, clock_.now()), .fresh = true};
  result.record.passed_through = passed_through(plan.tmpl, asked);

  // Claimed before the row exists, so that the background worker cannot sign it beside us.
  const auto mine = claim(serial);
  if (const auto earlier = intend(plan, result.record, alt_names_text(tbs))) {
    return {.record = stored(plan.issuer.arn, *earlier), .fresh = false};
  }
  try {
    result.record = complete(result.record, to_be_signed, plan.issuer, deadline);
  } catch (const Error& error) {
    if (is_fatal(error.code())) {
      throw;
    }
    // The intent is durable: the caller has the ARN, and the background worker goes on from here.
  }
  return result;
}

// Commit #1. The serial of the earlier certificate that stands for this request; nullopt: ours is durable.
std::optional<SerialNumber> Issuance::intend(const IssuancePlan& plan, const CertificateRecord& record,
                                             const std::string& alt_names) {
  const CommitResult intent = committed(
      ledger_, {InsertPending{record, plan.claim, !plan.device_id.empty(), plan.crl, plan.max_pending},
                {pending_event(plan, record, alt_names)}});
  switch (intent.outcome) {
    case CommitResult::Outcome::applied:
      return std::nullopt;
    case CommitResult::Outcome::existing:
      return intent.existing_serial.value();
    case CommitResult::Outcome::conflict:
      throw Error{
          Code::conflict,
          "this idempotency token was used for another request less than five minutes ago: use a new one"};
    case CommitResult::Outcome::not_issuing:
      throw Error{Code::invalid_state, kNotIssuing};
    case CommitResult::Outcome::stale:
      throw Error{Code::concurrent_modification, "The certificate authority issues with another key now"};
    case CommitResult::Outcome::missing:
    case CommitResult::Outcome::wrong_state:
      break;
  }
  throw Error{Code::internal, "the ledger refused the intent"};
}

CertificateRecord Issuance::resume(CertificateRecord record, const Issuer& issuer, Deadline deadline) {
  std::optional<ToBeSigned> to_be_signed;
  try {
    to_be_signed =
        lint_stored({.der = record.tbs_der,
                     .serial = record.serial,
                     .validity = record.validity,
                     .key_hash = record.key_hash,
                     .algorithm = record.signing_algorithm,
                     .passed_through = record.passed_through},
                    find_template({record.issuer.partition, record.template_name}), issuer.identity);
  } catch (const Error& error) {
    return give_up(std::move(record), error.what());
  }
  return complete(std::move(record), *to_be_signed, issuer, deadline);
}

CertificateRecord Issuance::complete(CertificateRecord record, const ToBeSigned& to_be_signed,
                                     const Issuer& issuer, Deadline deadline) {
  if (const auto reason = objection_(record)) {
    return give_up(std::move(record), *reason);
  }
  const Bytes signature = signer_.sign(issuer.key, to_be_signed, deadline);
  CertificateRecord done = record;
  done.der = assemble_signed(to_be_signed.der(), to_be_signed.algorithm(), signature);
  done.issued_at = clock_.now();
  AuditEvent event = event_of(done, "certificate.issued");
  event.der_sha256 = to_hex(sha256(done.der));
  const CommitResult result =
      committed(ledger_, {MarkIssued{done.issuer, done.serial, done.der, *done.issued_at, issuer.generation},
                          {std::move(event)}});
  switch (result.outcome) {
    case CommitResult::Outcome::applied:
      done.state = CertificateState::issued;
      return done;
    case CommitResult::Outcome::stale:
      return record;  // the issuer has another certificate: to be linted again
    case CommitResult::Outcome::not_issuing: {
      const auto reason = objection_(record);
      return give_up(
          std::move(record),
          reason.value_or("the certificate authority stopped issuing before the token had signed"));
    }
    case CommitResult::Outcome::existing:
    case CommitResult::Outcome::conflict:
    case CommitResult::Outcome::missing:
    case CommitResult::Outcome::wrong_state:
      break;
  }
  return stored(record.issuer, record.serial);
}

CertificateRecord Issuance::give_up(CertificateRecord record, const std::string& reason) {
  AuditEvent event = event_of(record, "certificate.failed");
  event.outcome = "failed";
  event.detail = {{"reason", reason}};
  const CommitResult result =
      committed(ledger_, {MarkFailed{record.issuer, record.serial, reason}, {std::move(event)}});
  if (result.outcome != CommitResult::Outcome::applied) {
    return stored(record.issuer, record.serial);
  }
  record.state = CertificateState::failed;
  record.failure_reason = reason;
  return record;
}

// Somebody finished the row before us: what is stored is the truth, our bytes are dropped (I1).
CertificateRecord Issuance::stored(const AuthorityArn& issuer, const SerialNumber& serial) {
  auto found = inventory_.certificate(issuer, serial);
  if (!found) {
    throw Error{Code::internal, "an accepted certificate is gone from the ledger"};
  }
  return *std::move(found);
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
