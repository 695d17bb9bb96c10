#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {

void AuthorityService::update(const Caller& caller, const AuthorityArn& arn,
                              std::optional<AuthorityStatus> status) {
  State& state = *state_;
  const auto authority = state.authorize(caller, arn, "UpdateCertificateAuthority");
  if (status && *status != AuthorityStatus::active && *status != AuthorityStatus::disabled) {
    throw Error{Code::invalid_args,
                "The status of a certificate authority can be set to ACTIVE or DISABLED only"};
  }
  const AuthorityStatus current = authority->status_at(state.clock.now());
  if (current != AuthorityStatus::active && current != AuthorityStatus::disabled) {
    throw Error{Code::invalid_state,
                "The certificate authority must be in the ACTIVE or DISABLED state to be updated"};
  }
  if (!status || current == *status) {
    return;
  }
  AuthorityRecord record = authority->record;
  record.status = *status;
  record.last_state_change_at = state.clock.now();
  AuditEvent event = state.event(caller, "authority.status_changed", arn);
  event.detail = {{"from", std::string{api_name(current)}}, {"to", std::string{api_name(*status)}}};
  state.update(std::move(record), std::move(event));
}

}  // namespace ca
