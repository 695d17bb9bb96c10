#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/x509/extension_value.hpp"

namespace ca {
namespace {

void check_order(const CreateAuthorityOrder& order) {
  if (family_of(order.key_algorithm) != family_of(order.signing_algorithm)) {
    throw Error{Code::invalid_args,
                "The signing algorithm " + std::string{api_name(order.signing_algorithm)} +
                    " does not fit the key algorithm " + std::string{api_name(order.key_algorithm)}};
  }
  for (const Extension& extension : order.csr_extensions) {
    if (const auto complaint = extension_complaint(extension)) {
      throw Error{Code::invalid_args, "CsrExtensions: " + *complaint};
    }
  }
  if (order.subject.empty()) {
    throw Error{Code::invalid_args,
                "The subject of a certificate authority must have at least one attribute"};
  }
}

std::string canonical(const CreateAuthorityOrder& order) {
  std::string text{api_name(order.type)};
  for (const auto& part : {order.configuration_json, order.revocation.text(), tags_json(order.tags),
                           order.usage_mode, order.key_storage_security_standard}) {
    text += '\n' + part;
  }
  return text;
}

}  // namespace

AuthorityArn AuthorityService::create(const Caller& caller, const CreateAuthorityOrder& order) {
  State& state = *state_;
  state.require(caller, "CreateCertificateAuthority", tag_context(order.tags));
  check_order(order);
  check_tags(order.tags);
  state.check_revocation(order.revocation);
  std::unique_lock one_at_a_time{state.creating};
  if (state.catalog.count(caller.account, state.clock.now()) >= state.options.max_authorities) {
    throw Error{Code::limit_exceeded, "You have reached the quota of " +
                                          std::to_string(state.options.max_authorities) +
                                          " certificate authorities for this account"};
  }
  AuthorityRecord record;
  record.arn = {state.options.partition, caller.region, caller.account, random_uuid()};
  record.type = order.type;
  record.key_algorithm = order.key_algorithm;
  record.signing_algorithm = order.signing_algorithm;
  record.subject_der = order.subject.der();
  record.csr_extensions = order.csr_extensions;
  record.configuration_json = order.configuration_json;
  record.revocation_json = order.revocation.text();
  record.tags_json = tags_json(order.tags);
  record.usage_mode = order.usage_mode;
  record.key_storage_security_standard = order.key_storage_security_standard;
  record.key_token = state.options.key_token;
  record.created_at = record.last_state_change_at = state.clock.now();

  AuditEvent event = state.event(caller, "authority.creating", record.arn);
  event.detail = {{"type", std::string{api_name(record.type)}},
                  {"key_algorithm", std::string{api_name(record.key_algorithm)}},
                  {"subject", order.subject.text()},
                  {"token", record.key_token}};
  const auto claim =
      state.claim(caller, "CreateCertificateAuthority", order.idempotency_token, canonical(order));
  CommitResult result;
  try {
    result = committed(state.ledger, {InsertAuthority{record, claim}, {std::move(event)}});
  } catch (const Error&) {
    state.reread(record.arn);
    throw;
  }
  if (result.outcome == CommitResult::Outcome::existing) {
    return result.existing_authority.value();
  }
  if (result.outcome != CommitResult::Outcome::applied) {
    throw Error{Code::invalid_args,
                "This idempotency token was used for another request less than five minutes ago"};
  }
  const AuthorityArn arn = record.arn;
  state.show(std::move(record));
  one_at_a_time.unlock();
  state.key_loop->wake();

  // The key pair is usually made in milliseconds; a client that asks for the CSR next then gets it at once.
  std::unique_lock lock{state.mutex};
  state.changed.wait_for(lock, state.options.create_wait, [&] {
    const auto authority = state.catalog.find(arn);
    return state.stopping || !authority || authority->record.status != AuthorityStatus::creating;
  });
  return arn;
}

}  // namespace ca
