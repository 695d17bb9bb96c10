#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {

// The key stays in its token: to destroy one is a person's decision, and after the window nothing uses it.
void AuthorityService::remove(const Caller& caller, const AuthorityArn& arn, int restorable_days) {
  state_->again([&] { state_->remove(caller, arn, restorable_days); });
}

void AuthorityService::State::remove(const Caller& caller, const AuthorityArn& arn, int restorable_days) {
  const auto authority = authorize(caller, arn, "DeleteCertificateAuthority");
  const TimePoint now = clock.now();
  AuthorityRecord record = authority->record;
  switch (authority->status_at(now)) {
    case AuthorityStatus::active:
      throw Error{Code::invalid_state, "The certificate authority must be disabled before it can be deleted"};
    case AuthorityStatus::deleted:
      throw Error{Code::invalid_state, "The certificate authority is in the DELETED state"};
    case AuthorityStatus::pending_certificate:
    case AuthorityStatus::disabled:
    case AuthorityStatus::expired:
      record.restorable_until = now + std::chrono::hours{24} * restorable_days;
      break;
    case AuthorityStatus::creating:
    case AuthorityStatus::failed:
      break;  // nothing that could be restored
  }
  record.deleted_from = record.status;
  record.status = AuthorityStatus::deleted;
  record.last_state_change_at = now;
  AuditEvent made = event(caller, "authority.deleted", arn);
  made.detail = {{"from", std::string{api_name(*record.deleted_from)}},
                 {"restorable_until", record.restorable_until ? rfc3339(*record.restorable_until) : ""}};
  update(std::move(record), std::move(made));
}

}  // namespace ca
