// Background work on keys: pairs for CREATING authorities, audits, and what comes by with them.
#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/key_name.hpp"

namespace ca {
namespace {

constexpr std::chrono::seconds kGenerationPatience{30};  // RSA 4096 in an HSM takes its time

bool is_of(const PublicKey& key, KeyAlgorithm algorithm) {
  const auto is = [&](KeyFamily family, int bits) { return key.family() == family && key.bits() == bits; };
  switch (algorithm) {
    case KeyAlgorithm::rsa_2048:
      return is(KeyFamily::rsa, 2048);
    case KeyAlgorithm::rsa_3072:
      return is(KeyFamily::rsa, 3072);
    case KeyAlgorithm::rsa_4096:
      return is(KeyFamily::rsa, 4096);
    case KeyAlgorithm::ec_p256:
      return is(KeyFamily::ec, 256);
    case KeyAlgorithm::ec_p384:
      return is(KeyFamily::ec, 384);
    case KeyAlgorithm::ec_p521:
      return is(KeyFamily::ec, 521);
    case KeyAlgorithm::ed25519:
      return key.family() == KeyFamily::ed25519;
  }
  return false;
}

// As its certificates have it, once there is one: a parent may have changed the string type of an attribute,
// and the next certificate must not change it again.
DistinguishedName subject_of(const AuthorityRecord& record) {
  return record.certificate_der.empty() ? DistinguishedName::parse(record.subject_der)
                                        : Certificate::parse(record.certificate_der).subject;
}

// It issues now, or next, or what it issued is still answered for: of the others nobody needs the pair.
bool is_needed(const Authority& authority, TimePoint now) {
  return authority.record.status != AuthorityStatus::deleted &&
         (!authority.record.retired_at || authority.answers_at(now));
}

std::string about_key(const Authority& authority) { return "key of " + authority.described(); }

}  // namespace

Loop::Turn AuthorityService::State::keep_keys() {
  bool finished = true;
  const auto step = [&](bool (State::*work)()) {
    try {
      finished = (this->*work)() && finished;
    } catch (const std::exception& error) {
      finished = false;
      say("keys", std::string{"background work on keys goes on by itself after: "} + error.what());
    }
  };
  step(&State::reread_unread);
  step(&State::make_keys);
  step(&State::audit_keys);
  write_due_refusals();
  return finished ? Loop::Turn::idle : Loop::Turn::stuck;
}

bool AuthorityService::State::reread_unread() {
  std::set<std::string> arns;
  {
    const std::lock_guard lock{mutex};
    arns.swap(unread);
  }
  for (const std::string& arn : arns) {
    reread(AuthorityArn::parse(arn));
  }
  const std::lock_guard lock{mutex};
  return unread.empty();
}

bool AuthorityService::State::make_keys() {
  bool all_made = true;
  for (const auto& authority : catalog.all()) {
    if (authority->record.status != AuthorityStatus::creating || key_loop->is_stopping()) {
      continue;
    }
    try {
      make_key(*authority);
    } catch (const Error& error) {
      if (error.code() == Code::request_failed) {
        fail_creation(*authority, error.what());
        continue;
      }
      say(about_key(*authority),
          "key pair of " + authority->record.arn.text() + " is not made yet: " + error.what());
      all_made = false;
    }
  }
  return all_made;
}

void AuthorityService::State::fail_creation(const Authority& authority, const std::string& reason) {
  AuthorityRecord record = authority.record;
  record.status = AuthorityStatus::failed;
  record.failure_reason = "UNSUPPORTED_ALGORITHM";
  record.last_state_change_at = clock.now();
  AuditEvent event = system_event("authority.failed", record.arn);
  event.outcome = "failed";
  event.detail = {{"reason", reason}};
  update(std::move(record), std::move(event));
  say(authority.record.arn.text(),
      "certificate authority " + authority.record.arn.text() + " could not be created: " + reason);
}

void AuthorityService::State::make_key(const Authority& authority) {
  AuthorityRecord record = authority.record;
  static_cast<KeyGeneration&>(record) = made_key(record, record.key_number, record.key_token);
  record.status = AuthorityStatus::pending_certificate;
  record.last_state_change_at = clock.now();
  AuditEvent event = system_event("authority.key_created", record.arn);
  event.detail = {{"key", record.key_uri}, {"spki_sha256", to_hex(sha256(record.spki_der))}};
  update(std::move(record), std::move(event));
}

// A key pair and its CSR. The label says whose it is, so that what a crash interrupted finds the key that it
// had made (I19). Throws Code::request_failed when the token cannot make it, and what the signer throws.
KeyGeneration AuthorityService::State::made_key(const AuthorityRecord& record, std::uint64_t key_number,
                                                const std::string& token) {
  const auto within = [](std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; };
  const std::string label = KeyName{record.arn.id, key_number}.text();
  // The patience of a generation is for a token that is there.
  const auto found = signer.find(token, label, within(options.sign_deadline));
  const GeneratedSigningKey made =
      found ? *found : signer.generate(token, label, record.key_algorithm, within(kGenerationPatience));
  const SigningKey key{made.uri, PublicKey::parse(made.spki_der)};
  if (!is_of(key.public_key, record.key_algorithm)) {
    throw Error{Code::request_failed, "the token holds another key under the label " + label};
  }
  signer.audit(key, within(options.sign_deadline));

  const ToBeSigned info = lint_certification_request(subject_of(record), made.spki_der,
                                                     record.signing_algorithm, record.csr_extensions);
  KeyGeneration generation{
      .key_number = key_number, .key_token = token, .key_uri = made.uri, .spki_der = made.spki_der};
  generation.csr_der =
      assemble_signed(info.der(), info.algorithm(), signer.sign(key, info, within(options.sign_deadline)));
  return generation;
}

bool AuthorityService::State::audit_keys() {
  bool all_usable = true;
  for (const auto& authority : catalog.all_keys()) {
    if (!authority->key || !is_needed(*authority, clock.now()) || key_loop->is_stopping()) {
      continue;
    }
    const std::string& uri = authority->record.key_uri;
    const std::string what = about_key(*authority);
    KeyVerdict verdict = signer.verdict(*authority->key);
    if (verdict.state == KeyVerdict::State::unknown) {
      try {
        signer.audit(*authority->key, std::chrono::steady_clock::now() + options.sign_deadline);
        verdict.state = KeyVerdict::State::usable;
      } catch (const Error& error) {
        verdict.detail = error.what();
        verdict.state = error.code() == Code::unavailable ? verdict.state : KeyVerdict::State::unusable;
      }
    }
    if (verdict.state == KeyVerdict::State::usable) {
      note_usable(uri);
      well(what);
      continue;
    }
    all_usable = false;
    say(what, what + " is not usable: " + verdict.detail);
    if (verdict.state == KeyVerdict::State::unusable) {
      note_unusable(uri);
    }
  }
  return all_usable;
}

void AuthorityService::State::write_due_refusals() {
  for (AuditEvent& event : refusals.due(clock.now())) {
    (void)ledger.commit({AppendEvents{}, {std::move(event)}});
  }
}

void AuthorityService::State::note_unusable(const std::string& key_uri) {
  const std::lock_guard lock{mutex};
  unusable_since.try_emplace(key_uri, clock.now());
  anything_noted = true;
}

void AuthorityService::State::note_usable(const std::string& key_uri) {
  if (anything_noted) {
    const std::lock_guard lock{mutex};
    unusable_since.erase(key_uri);
    anything_noted = !unusable_since.empty() || !said.empty();
  }
}

}  // namespace ca
