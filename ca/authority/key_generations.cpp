// A new key for an authority that goes on issuing.
#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace ca {
namespace {

using Key = AuthorityService::Key;

Key::State state_of(const KeyGeneration& key, bool issues) {
  if (issues) {
    return Key::State::active;
  }
  if (key.retired_at) {
    return Key::State::retired;
  }
  return key.certificate_der.empty() ? Key::State::prepared : Key::State::published;
}

Key shown(const KeyGeneration& key, bool issues, const Signer& signer) {
  Key shown{.state = state_of(key, issues), .generation = key};
  if (!key.key_uri.empty()) {
    shown.verdict = signer.verdict({key.key_uri, PublicKey::parse(key.spki_der)});
  }
  return shown;
}

std::string numbered(std::uint64_t number) { return "key " + std::to_string(number); }

// Not while it waits for its first certificate; a root that gets another key is another root.
void check_may_have_another(const Authority& authority) {
  if (authority.record.type == AuthorityType::root) {
    throw Error{Code::invalid_state,
                "A root's key is what relying parties trust: make a new root, and cross certificates between "
                "the two (docs/ceremony.md)"};
  }
  if (!authority.certificate) {
    throw Error{Code::invalid_state,
                "The certificate authority has no certificate yet: import one for the key that it has"};
  }
}

// One that does not issue now. Throws Code::invalid_state for the one that does, else
// Code::resource_not_found.
KeyGeneration& other_key(AuthorityRecord& record, std::uint64_t number) {
  if (number == record.key_number) {
    throw Error{Code::invalid_state, "The certificate authority issues with " + numbered(number)};
  }
  const auto found = std::find_if(record.other_keys.begin(), record.other_keys.end(),
                                  [&](const KeyGeneration& key) { return key.key_number == number; });
  if (found == record.other_keys.end()) {
    throw Error{Code::resource_not_found, "The certificate authority has no " + numbered(number)};
  }
  return *found;
}

void check_may_issue(const Authority& authority, std::uint64_t number, TimePoint now) {
  AuthorityRecord record = authority.record;
  (void)other_key(record, number);
  const Authority* under = authority.under(number);
  if (under == nullptr) {
    throw Error{Code::invalid_state, "The certificate of " + numbered(number) +
                                         " is not imported yet: have its CSR signed, then "
                                         "ImportCertificateAuthorityCertificate"};
  }
  const Validity& validity = under->identity.validity.value();
  if (to_seconds(now) < validity.not_before || to_seconds(now) > validity.not_after) {
    throw Error{Code::invalid_state,
                "The certificate of " + numbered(number) + ", with those above it, is valid from " +
                    rfc3339(validity.not_before) + " to " + rfc3339(validity.not_after) + " and not now"};
  }
}

// Throws Code::unavailable at once while the token is away, Code::invalid_state with what a person must mend.
void check_signs(Signer& signer, const SigningKey& key, std::uint64_t number,
                 std::chrono::milliseconds patience) {
  if (signer.is_away(key)) {
    throw Error{Code::unavailable, "the token that holds " + numbered(number) + " is away"};
  }
  try {
    signer.audit(key, std::chrono::steady_clock::now() + patience);
  } catch (const Error& error) {
    if (error.code() == Code::key_unusable) {
      throw Error{Code::invalid_state,
                  "With " + numbered(number) + " nothing can be signed: " + error.what()};
    }
    throw;
  }
}

void activate(AuthorityRecord& record, std::uint64_t number, TimePoint now) {
  KeyGeneration& slot = other_key(record, number);
  KeyGeneration chosen = std::move(slot);
  chosen.retired_at.reset();
  slot = record;
  slot.retired_at = now;
  static_cast<KeyGeneration&>(record) = std::move(chosen);
  std::sort(record.other_keys.begin(), record.other_keys.end(),
            [](const KeyGeneration& a, const KeyGeneration& b) { return a.key_number < b.key_number; });
  ++record.generation;
  record.last_state_change_at = now;
}

// Two pairs under one label could not be told apart, so an authority's next key is made by one caller at a
// time. Others are refused: a token that takes its time holds up one thread, and no other authority.
class Preparing {
 public:
  Preparing(std::mutex& mutex, std::set<std::string>& authorities, const AuthorityArn& arn)
      : mutex_{mutex}, authorities_{authorities}, arn_{arn.text()} {
    const std::lock_guard lock{mutex_};
    if (!authorities_.insert(arn_).second) {
      throw Error{Code::request_in_progress,
                  "The next key of the certificate authority is being made for another request: ask again"};
    }
  }
  ~Preparing() {
    const std::lock_guard lock{mutex_};
    authorities_.erase(arn_);
  }
  Preparing(const Preparing&) = delete;
  Preparing& operator=(const Preparing&) = delete;

 private:
  std::mutex& mutex_;
  std::set<std::string>& authorities_;
  const std::string arn_;
};

}  // namespace

std::vector<AuthorityService::Key> AuthorityService::keys(const Caller& caller, const AuthorityArn& arn) {
  const auto authority = state_->authorize_living(caller, arn, "chancery:ListAuthorityKeys");
  std::vector<Key> keys{shown(authority->record, true, state_->signer)};
  for (const KeyGeneration& key : authority->record.other_keys) {
    keys.push_back(shown(key, false, state_->signer));
  }
  std::sort(keys.begin(), keys.end(),
            [](const Key& a, const Key& b) { return a.generation.key_number < b.generation.key_number; });
  return keys;
}

AuthorityService::Key AuthorityService::prepare_key(const Caller& caller, const AuthorityArn& arn) {
  State& state = *state_;
  check_may_have_another(*state.authorize_living(caller, arn, "chancery:PrepareAuthorityKey"));
  const Preparing preparing{state.mutex, state.preparing, arn};
  KeyGeneration prepared;
  State::again([&] {
    const auto authority = state.authorize_living(caller, arn, "chancery:PrepareAuthorityKey");
    if (const KeyGeneration* next = authority->next_key()) {
      prepared = *next;
      return;
    }
    AuthorityRecord record = authority->record;
    if (record.key_token == state.options.key_token && state.signer.is_away(*authority->key)) {
      throw Error{Code::unavailable, "the token for new keys is away"};  // not a thread that waits for it
    }
    prepared = state.made_key(record, ++record.last_key_number, state.options.key_token);
    record.other_keys.push_back(prepared);
    AuditEvent event = state.event(caller, "authority.key_prepared", arn);
    event.detail = {{"key_number", std::to_string(prepared.key_number)},
                    {"key", prepared.key_uri},
                    {"spki_sha256", to_hex(sha256(prepared.spki_der))}};
    state.update(std::move(record), std::move(event));
  });
  return shown(prepared, false, state.signer);
}

std::vector<AuthorityService::Key> AuthorityService::activate_key(const Caller& caller,
                                                                  const AuthorityArn& arn,
                                                                  std::uint64_t key_number) {
  State& state = *state_;
  auto authority = state.authorize_living(caller, arn, "chancery:ActivateAuthorityKey");
  if (authority->record.key_number == key_number) {
    return {shown(authority->record, true, state.signer)};
  }
  check_may_issue(*authority, key_number, state.clock.now());
  // A key that does not sign would stop the authority.
  check_signs(state.signer, *authority->under(key_number)->key, key_number, state.options.sign_deadline);
  std::vector<Key> changed;
  State::again([&] {
    authority = state.authorize_living(caller, arn, "chancery:ActivateAuthorityKey");
    AuthorityRecord record = authority->record;
    changed = {shown(record, true, state.signer)};
    if (record.key_number == key_number) {
      return;
    }
    const TimePoint now = state.clock.now();
    check_may_issue(*authority, key_number, now);
    const std::uint64_t replaced = record.key_number;
    activate(record, key_number, now);
    AuditEvent event = state.event(caller, "authority.key_activated", arn);
    event.detail = {{"key_number", std::to_string(key_number)},
                    {"replaced", std::to_string(replaced)},
                    {"spki_sha256", to_hex(sha256(record.spki_der))},
                    {"not_after", rfc3339(record.validity->not_after)}};
    changed = {shown(record, true, state.signer), shown(other_key(record, replaced), false, state.signer)};
    state.update(std::move(record), std::move(event));
  });
  return changed;
}

AuthorityService::Key AuthorityService::discard_key(const Caller& caller, const AuthorityArn& arn,
                                                    std::uint64_t key_number) {
  State& state = *state_;
  KeyGeneration discarded;
  State::again([&] {
    const auto authority = state.authorize_living(caller, arn, "chancery:DiscardAuthorityKey");
    AuthorityRecord record = authority->record;
    const KeyGeneration& key = other_key(record, key_number);
    if (key.retired_at) {
      throw Error{Code::invalid_state, "The certificate authority has issued with " + numbered(key_number) +
                                           ": it goes on answering for that"};
    }
    AuditEvent event = state.event(caller, "authority.key_discarded", arn);
    event.detail = {{"key_number", std::to_string(key_number)},
                    {"key", key.key_uri},
                    {"spki_sha256", to_hex(sha256(key.spki_der))}};
    discarded = key;
    std::erase_if(record.other_keys,
                  [&](const KeyGeneration& other) { return other.key_number == key_number; });
    ++record.generation;
    state.update(std::move(record), std::move(event));
  });
  return shown(discarded, false, state.signer);
}

}  // namespace ca
