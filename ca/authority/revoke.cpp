#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

void check_revocable(const CertificateRecord& record) {
  if (record.self_signed) {
    throw Error{Code::invalid_request, "Self-signed certificate can not be revoked"};
  }
  switch (record.state) {
    case CertificateState::pending:
      throw Error{Code::request_in_progress, "The certificate is still being issued"};
    case CertificateState::failed:
      throw Error{Code::request_failed, "The certificate was never issued"};
    case CertificateState::revoked:
      throw Error{Code::request_already_processed, "The certificate is already revoked"};
    case CertificateState::issued:
      return;
  }
}

// I7: whatever is told of a revocation, also that it was there already or that nobody knows whether it was
// written, no answer from before it is given afterwards.
class Forgetting {
 public:
  Forgetting(OcspResponder& responder, const SerialNumber& serial) : responder_{responder}, serial_{serial} {}
  ~Forgetting() { responder_.forget(serial_); }
  Forgetting(const Forgetting&) = delete;
  Forgetting& operator=(const Forgetting&) = delete;

 private:
  OcspResponder& responder_;
  const SerialNumber serial_;
};

}  // namespace

// As committed(). A ledger that does not answer in time may write the revocation later: until that is known
// no answer about the serial is kept.
CommitResult AuthorityService::State::committed_revocation(LedgerEntry entry, const SerialNumber& serial) {
  auto written = ledger.commit(std::move(entry));
  if (written.wait_for(options.revoke_wait) == std::future_status::ready) {
    return written.get();
  }
  responder.distrust(serial);
  {
    const std::lock_guard lock{mutex};
    uncertain_revocations.emplace_back(std::move(written), serial);
  }
  throw Error{Code::unavailable, "the ledger does not answer: ask again whether the certificate is revoked"};
}

// Whether all that was uncertain is known.
bool AuthorityService::State::settle_revocations() {
  std::vector<SerialNumber> known;
  bool all = true;
  {
    const std::lock_guard lock{mutex};
    std::erase_if(uncertain_revocations, [&](const auto& one) {
      const bool ready = one.first.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
      if (ready) {
        known.push_back(one.second);
      }
      return ready;
    });
    all = uncertain_revocations.empty();
  }
  for (const SerialNumber& serial : known) {
    responder.trust(serial);
  }
  return all;
}

void AuthorityService::revoke(const Caller& caller, const AuthorityArn& arn, const std::string& serial_text,
                              RevocationReason reason) {
  State& state = *state_;
  const auto authority = state.authorize(caller, arn, "RevokeCertificate");
  if (!authority->revokes_at(state.clock.now())) {
    throw Error{Code::invalid_state,
                "The certificate authority must be in the ACTIVE or DISABLED state to revoke certificates"};
  }
  const SerialNumber serial = SerialNumber::from_hex(serial_text);
  const auto record = state.inventory.certificate(arn, serial);
  if (!record) {
    throw Error{Code::resource_not_found, "Could not find certificate with serial " + serial.colon_hex()};
  }
  const Forgetting answers{state.responder, serial};
  check_revocable(*record);

  AuditEvent event = state.event(caller, "certificate.revoked", arn);
  event.serial = serial.hex();
  event.detail = {{"reason", std::string{api_name(reason)}}};
  const CommitResult result = state.committed_revocation(
      {MarkRevoked{arn, serial, reason, state.clock.now()}, {std::move(event)}}, serial);
  if (result.outcome == CommitResult::Outcome::wrong_state) {
    throw Error{Code::request_already_processed, "The certificate is already revoked"};
  }
  if (result.outcome != CommitResult::Outcome::applied) {
    throw Error{Code::resource_not_found, "Could not find certificate with serial " + serial.colon_hex()};
  }
  state.crl_loop->wake();
}

}  // namespace ca
