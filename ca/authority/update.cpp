#include "ca/authority/revocation_ability.hpp"
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

// What it answers with was good when its certificates were imported; what is new must be as good.
void check_able(const Authority& authority, const RevocationConfiguration& wanted) {
  const auto check = [&](const Authority& under) {
    if (const auto complaint = revocation_complaint(under, wanted)) {
      throw Error{Code::invalid_args, "Of " + under.described() + ": " + *complaint};
    }
  };
  check(authority);
  for (const auto& other : authority.others) {
    check(*other);
  }
}

}  // namespace

void AuthorityService::update(const Caller& caller, const AuthorityArn& arn, const AuthorityUpdate& wanted) {
  State& state = *state_;
  state.again([&] { state.update(caller, arn, wanted); });
  state.crl_loop->wake();
}

void AuthorityService::State::update(const Caller& caller, const AuthorityArn& arn,
                                     const AuthorityUpdate& wanted) {
  const auto authority = authorize(caller, arn, "UpdateCertificateAuthority");
  const AuthorityStatus current = authority->status_at(clock.now());
  const AuthorityStatus next = wanted.status ? checked_status(*wanted.status) : current;
  if (wanted.revocation) {
    check_revocation(*wanted.revocation);
  }
  if (wanted.status ? current != AuthorityStatus::active && current != AuthorityStatus::disabled
                    : !authority->revokes_at(clock.now())) {
    throw Error{Code::invalid_state,
                "The certificate authority must be in the ACTIVE or DISABLED state to be updated"};
  }
  AuthorityRecord record = authority->record;
  AuditEvent made = event(caller, "authority.updated", arn);
  if (next != current) {
    record.status = next;
    record.last_state_change_at = clock.now();
    made.type = "authority.status_changed";
    made.detail = {{"from", std::string{api_name(current)}}, {"to", std::string{api_name(next)}}};
  }
  if (wanted.revocation && *wanted.revocation != authority->revocation) {
    check_able(*authority, *wanted.revocation);
    record.revocation_json = wanted.revocation->text();
    made.detail["revocation"] = record.revocation_json;
  }
  if (made.detail.empty()) {
    return;
  }
  update(std::move(record), std::move(made));
}

}  // namespace ca
