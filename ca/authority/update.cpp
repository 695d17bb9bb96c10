#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

AuthorityStatus checked_status(AuthorityStatus wanted) {
  if (wanted != AuthorityStatus::active && wanted != AuthorityStatus::disabled) {
    throw Error{Code::invalid_args,
                "The status of a certificate authority can be set to ACTIVE or DISABLED only"};
  }
  return wanted;
}

}  // namespace

void AuthorityService::update(const Caller& caller, const AuthorityArn& arn, const AuthorityUpdate& wanted) {
  State& state = *state_;
  const auto authority = state.authorize(caller, arn, "UpdateCertificateAuthority");
  const AuthorityStatus current = authority->status_at(state.clock.now());
  const AuthorityStatus next = wanted.status ? checked_status(*wanted.status) : current;
  if (wanted.revocation) {
    state.check_revocation(*wanted.revocation);
  }
  if (current != AuthorityStatus::active && current != AuthorityStatus::disabled) {
    throw Error{Code::invalid_state,
                "The certificate authority must be in the ACTIVE or DISABLED state to be updated"};
  }
  AuthorityRecord record = authority->record;
  AuditEvent event = state.event(caller, "authority.updated", arn);
  if (next != current) {
    record.status = next;
    record.last_state_change_at = state.clock.now();
    event.type = "authority.status_changed";
    event.detail = {{"from", std::string{api_name(current)}}, {"to", std::string{api_name(next)}}};
  }
  if (wanted.revocation && *wanted.revocation != authority->revocation) {
    record.revocation_json = wanted.revocation->text();
    event.detail["revocation"] = record.revocation_json;
  }
  if (event.detail.empty()) {
    return;
  }
  state.update(std::move(record), std::move(event));
  state.crl_loop->wake();
}

}  // namespace ca
