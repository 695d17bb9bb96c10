#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {

void AuthorityService::restore(const Caller& caller, const AuthorityArn& arn) {
  State& state = *state_;
  const auto authority = state.authorize(caller, arn, "RestoreCertificateAuthority");
  if (authority->record.status != AuthorityStatus::deleted) {
    throw Error{Code::invalid_state, "The certificate authority must be in the DELETED state to be restored"};
  }
  AuthorityRecord record = authority->record;
  record.status = record.deleted_from.value();
  record.deleted_from.reset();
  record.restorable_until.reset();
  record.last_state_change_at = state.clock.now();
  AuditEvent event = state.event(caller, "authority.restored", arn);
  event.detail = {{"to", std::string{api_name(record.status)}}};
  state.update(std::move(record), std::move(event));
}

}  // namespace ca
