#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace ca {
namespace {

constexpr std::chrono::milliseconds kIdleWait{5000};
constexpr std::size_t kPendingBatch = 256;
constexpr std::size_t kSigningThreads = 8;  // rows signed at once after an outage

AuditEvent system_event(const std::string& type, const AuthorityRecord& record) {
  AuditEvent event;
  event.type = type;
  event.outcome = "ok";
  event.principal = "chanceryd";
  event.account = record.arn.account;
  event.authority = record.arn.text();
  return event;
}

}  // namespace

void AuthorityService::State::start_background(std::function<void(const std::string&)> notice_sink) {
  notice = std::move(notice_sink);
  worker = std::thread{[this] { run(); }};
}

void AuthorityService::State::stop_background() {
  {
    const std::lock_guard lock{mutex};
    stopping = true;
    changed.notify_all();
  }
  if (worker.joinable()) {
    worker.join();
  }
}

void AuthorityService::State::wake() {
  const std::lock_guard lock{mutex};
  work_arrived = true;
  changed.notify_all();
}

void AuthorityService::State::run() {
  auto wait = options.resume_backoff;
  while (true) {
    {
      std::unique_lock lock{mutex};
      changed.wait_for(lock, wait, [this] { return stopping || work_arrived; });
      if (stopping) {
        return;
      }
      work_arrived = false;
    }
    const std::uint64_t done_before = resumed + failed;
    bool unfinished = true;
    try {
      unfinished = !make_keys();
      unfinished = (pending > 0 && sign_pending()) || unfinished;
      unfinished = !audit_keys() || unfinished;
    } catch (const std::exception& error) {
      say(std::string{"background work stopped, it goes on by itself: "} + error.what());
    }
    if (!unfinished) {
      wait = kIdleWait;
    } else if (resumed + failed != done_before || wait == kIdleWait) {
      wait = options.resume_backoff;
    } else {
      wait = std::min<std::chrono::milliseconds>(wait * 2, kIdleWait - std::chrono::milliseconds{1});
    }
  }
}

bool AuthorityService::State::make_keys() {
  bool all_made = true;
  for (const auto& authority : catalog.all()) {
    if (authority->record.status != AuthorityStatus::creating) {
      continue;
    }
    try {
      make_key(*authority);
    } catch (const Error& error) {
      if (error.code() == Code::request_failed) {
        fail_creation(*authority, error.what());
        continue;
      }
      say("key pair of " + authority->record.arn.text() + " is not made yet: " + error.what());
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
  AuditEvent event = system_event("authority.failed", record);
  event.outcome = "failed";
  event.detail = {{"reason", reason}};
  update(std::move(record), std::move(event));
  say("certificate authority " + authority.record.arn.text() + " could not be created: " + reason);
}

// The key pair and the CSR of a CREATING authority. The key's label is the authority's id, so that a creation
// which a crash interrupted finds the key that it had made (I19).
void AuthorityService::State::make_key(const Authority& authority) {
  AuthorityRecord record = authority.record;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  const auto found = signer.find(record.key_token, record.arn.id, deadline);
  const GeneratedSigningKey made =
      found ? *found : signer.generate(record.key_token, record.arn.id, record.key_algorithm, deadline);
  const SigningKey key{made.uri, PublicKey::parse(made.spki_der)};
  signer.audit(key, deadline);

  const ToBeSigned info = lint_certification_request(DistinguishedName::parse(record.subject_der),
                                                     made.spki_der, record.signing_algorithm);
  record.csr_der = assemble_signed(info.der(), info.algorithm(), signer.sign(key, info, deadline));
  record.key_uri = made.uri;
  record.spki_der = made.spki_der;
  record.status = AuthorityStatus::pending_certificate;
  record.last_state_change_at = clock.now();
  AuditEvent event = system_event("authority.key_created", record);
  event.detail = {{"key", made.uri}, {"spki_sha256", to_hex(sha256(made.spki_der))}};
  update(std::move(record), std::move(event));
}

bool AuthorityService::State::audit_keys() {
  bool all_ok = true;
  for (const auto& authority : catalog.all()) {
    if (!authority->key) {
      continue;
    }
    const std::string arn = authority->record.arn.text();
    Status::AuthorityKey result{.arn = arn, .ok = true, .detail = {}};
    {
      const std::lock_guard lock{mutex};
      const auto known = key_audits.find(arn);
      if (stopping || (known != key_audits.end() && known->second.ok)) {
        continue;
      }
    }
    try {
      signer.audit(*authority->key, std::chrono::steady_clock::now() + options.sign_deadline);
    } catch (const Error& error) {
      result.ok = false;
      result.detail = error.what();
      all_ok = false;
      say("key of " + arn + " is not usable: " + error.what());
    }
    const std::lock_guard lock{mutex};
    key_audits[arn] = std::move(result);
  }
  return all_ok;
}

// An authority whose key does not sign holds up its own rows only.
bool AuthorityService::State::sign_pending() {
  std::atomic<bool> kept{false};
  std::mutex blocked_mutex;
  std::set<std::string> blocked;
  const auto is_blocked = [&](const std::string& arn) {
    const std::lock_guard lock{blocked_mutex};
    return blocked.contains(arn);
  };
  std::uint64_t cursor = 0;
  while (true) {
    const auto rows = inventory.pending(cursor, kPendingBatch);
    if (rows.empty()) {
      return kept;
    }
    cursor = rows.back().cursor;
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t at = next++; at < rows.size(); at = next++) {
        const std::string issuer = rows[at].record.issuer.text();
        if (is_blocked(issuer)) {
          kept = true;
          continue;
        }
        try {
          kept = sign_row(rows[at].record) || kept;
        } catch (const std::exception& error) {
          kept = true;
          say("accepted certificates of " + issuer + " wait: " + error.what());
          const std::lock_guard lock{blocked_mutex};
          blocked.insert(issuer);
        }
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(rows.size(), kSigningThreads); ++i) {
      threads.emplace_back(work);
    }
    work();
    for (std::thread& thread : threads) {
      thread.join();
    }
    const std::lock_guard lock{mutex};
    if (stopping) {
      return true;
    }
  }
}

bool AuthorityService::State::sign_row(const CertificateRecord& listed) {
  const auto mine = issuance.claim(listed.serial);
  if (!mine) {
    return true;  // the request that made it is at it
  }
  const auto record = inventory.certificate(listed.issuer, listed.serial);
  if (!record || record->state != CertificateState::pending) {
    return false;  // finished between the listing and the claim, and counted there
  }
  const auto authority = catalog.find(record->issuer);
  if (!authority || !authority->key) {
    throw Error{Code::internal, "the authority of a pending certificate has no key"};
  }
  const Template& tmpl = find_template({record->issuer.partition, record->template_name});
  const auto done = issuance.resume(*record, tmpl, authority->identity, *authority->key,
                                    std::chrono::steady_clock::now() + options.sign_deadline);
  --pending;
  if (done.state == CertificateState::failed) {
    ++failed;
    return false;
  }
  ++issued;
  ++resumed;
  token_away = false;
  const std::lock_guard lock{mutex};
  said.clear();
  return false;
}

std::optional<std::string> AuthorityService::State::objection(const CertificateRecord& record) const {
  const auto authority = catalog.find(record.issuer);
  if (!authority) {
    return "the certificate authority is gone";
  }
  const TimePoint now = clock.now();
  if (record.validity.not_after < to_seconds(now)) {
    return "the validity was over before the token could sign";
  }
  const AuthorityStatus status = authority->status_at(now);
  const bool self_issue = record.self_signed && status == AuthorityStatus::pending_certificate;
  if (status != AuthorityStatus::active && !self_issue) {
    return "the certificate authority was " + std::string{api_name(status)} + " before the token could sign";
  }
  return std::nullopt;
}

void AuthorityService::State::say(const std::string& message) {
  {
    const std::lock_guard lock{mutex};
    if (!said.insert(message).second) {
      return;
    }
  }
  if (notice) {
    notice(message);
  }
}

}  // namespace ca
