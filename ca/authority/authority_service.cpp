#include "ca/authority/authority_service.hpp"

#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"

namespace ca {

namespace {

void make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    throw Error{Code::unavailable, folder.string() + ": cannot be made for CRLs: " + failed.message()};
  }
}

}  // namespace

AuthorityService::State::State(AuthorityServiceOptions service_options,
                               std::vector<ProvisioningProfile> initial_profiles, Ledger& the_ledger,
                               Inventory& the_inventory, Signer& the_signer, PolicyEngine& the_policy,
                               const Clock& the_clock)
    : options{std::move(service_options)},
      ledger{the_ledger},
      inventory{the_inventory},
      signer{the_signer},
      policy{the_policy},
      clock{the_clock},
      issuance{the_ledger, the_inventory, the_signer, the_clock,
               [this](const CertificateRecord& record) { return objection(record); }},
      profiles{std::make_shared<const std::vector<ProvisioningProfile>>(std::move(initial_profiles))},
      crl_files{{.name = "crls", .directory = options.revocation.crl_directory, .url = std::nullopt}},
      crl_series{the_ledger, the_inventory, options.revocation.partition_size},
      crl_issuing{the_ledger, the_inventory, the_signer, crl_files},
      published_crls{the_clock},
      responder{
          options.ocsp, the_inventory, the_ledger, the_signer, the_clock, [this](const std::string& message) {
            if (notice) {
              notice(message);
            }
          }} {}

AuthorityService::AuthorityService(AuthorityServiceOptions options, std::vector<ProvisioningProfile> profiles,
                                   Ledger& ledger, Inventory& inventory, Signer& signer, PolicyEngine& policy,
                                   const Clock& clock)
    : state_{std::make_unique<State>(std::move(options), std::move(profiles), ledger, inventory, signer,
                                     policy, clock)} {}

AuthorityService::~AuthorityService() { state_->stop_background(); }

void AuthorityService::start(std::function<void(const std::string& message)> notice) {
  if (!state_->options.revocation.crl_directory.empty()) {
    make_folder(state_->options.revocation.crl_directory);
  }
  for (AuthorityRecord& record : state_->inventory.all_authorities()) {
    const std::string arn = record.arn.text();
    try {
      state_->show(std::move(record));
    } catch (const Error& error) {
      notice("certificate authority " + arn + " is left out, its record cannot be read: " + error.what());
    }
  }
  state_->start_background(std::move(notice));
}

void AuthorityService::State::change(const AuthorityArn& arn, AuditEvent audit_event,
                                     const std::function<void(AuthorityRecord&)>& edit) {
  static constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    const auto authority = catalog.find(arn);
    if (!authority) {
      throw Error{Code::internal, "an authority that was found is gone"};
    }
    check_living(*authority);
    AuthorityRecord record = authority->record;
    edit(record);
    try {
      update(std::move(record), audit_event);
      return;
    } catch (const Error& error) {
      if (error.code() != Code::concurrent_modification || attempt == kAttempts) {
        throw;
      }
    }
  }
}

void AuthorityService::State::again(const std::function<void()>& make) {
  static constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    try {
      make();
      return;
    } catch (const Error& error) {
      if (error.code() != Code::concurrent_modification || attempt == kAttempts) {
        throw;
      }
    }
  }
}

void AuthorityService::State::update(AuthorityRecord next, AuditEvent audit_event) {
  CommitResult result;
  try {
    result = committed(ledger, {UpdateAuthority{next}, {std::move(audit_event)}});
  } catch (const Error&) {
    reread(next.arn);
    throw;
  }
  if (result.outcome != CommitResult::Outcome::applied) {
    reread(next.arn);
    throw Error{Code::concurrent_modification,
                "another change of this certificate authority came first: read it and try again"};
  }
  ++next.version;
  show(std::move(next));
  const std::lock_guard lock{mutex};
  changed.notify_all();
}

void AuthorityService::State::update_key(const Authority& of, AuditEvent audit_event,
                                         const std::function<void(KeyGeneration&)>& edit) {
  const auto whole = catalog.find(of.record.arn);
  if (!whole) {
    throw Error{Code::internal, "an authority that was found is gone"};
  }
  AuthorityRecord record = whole->record;
  const std::uint64_t number = of.record.key_number;
  audit_event.detail["key_number"] = std::to_string(number);
  if (record.key_number == number) {
    edit(record);
  } else {
    const auto other = std::find_if(record.other_keys.begin(), record.other_keys.end(),
                                    [&](const KeyGeneration& key) { return key.key_number == number; });
    if (other == record.other_keys.end()) {
      throw Error{Code::concurrent_modification, "the key was discarded meanwhile"};
    }
    edit(*other);
  }
  update(std::move(record), std::move(audit_event));
}

void AuthorityService::State::show(AuthorityRecord record) {
  const AuthorityArn arn = record.arn;
  catalog.put(std::move(record));
  show_to_ocsp(arn);
  if (ocsp_loop) {
    ocsp_loop->wake();
    crl_loop->wake();
  }
}

void AuthorityService::State::reread(const AuthorityArn& arn) {
  try {
    if (auto record = inventory.authority(arn)) {
      show(*std::move(record));
    }
  } catch (const Error&) {
    const std::lock_guard lock{mutex};
    unread.insert(arn.text());
  }
}

void AuthorityService::State::stop_issuing(const Authority& by, const std::string& reason) {
  static constexpr int kAttempts = 3;
  const AuthorityArn& arn = by.record.arn;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto authority = catalog.find(arn);
    if (!authority || authority->record.status != AuthorityStatus::active) {
      return;
    }
    if (authority->record.key_number != by.record.key_number) {
      say("stopped " + by.described(),
          by.described() +
              ": its key signs nothing more until the daemon is restarted, and what it "
              "issued gets no new CRLs meanwhile; the authority issues with another key: " +
              reason);
      return;
    }
    AuthorityRecord record = authority->record;
    record.status = AuthorityStatus::disabled;
    record.last_state_change_at = clock.now();
    AuditEvent stopped = system_event("authority.stopped", arn);
    stopped.outcome = "failed";
    stopped.detail = {{"reason", reason}};
    try {
      update(std::move(record), std::move(stopped));
      say(arn.text(), "certificate authority " + arn.text() +
                          " was disabled, look before you enable it again: " + reason);
      return;
    } catch (const Error& error) {
      if (error.code() != Code::concurrent_modification) {
        say(arn.text(),
            "certificate authority " + arn.text() + " must be disabled and could not be: " + error.what());
        return;
      }
    }
  }
}

AuditEvent AuthorityService::State::event(const Caller& caller, const std::string& type,
                                          const AuthorityArn& arn) const {
  AuditEvent made;
  made.type = type;
  made.outcome = "ok";
  made.principal = caller.principal_arn;
  made.account = caller.account;
  made.request_id = caller.request_id;
  made.authority = arn.text();
  return made;
}

std::optional<IdempotencyClaim> AuthorityService::State::claim(const Caller& caller, const std::string& scope,
                                                               const std::optional<std::string>& token,
                                                               std::string_view request) const {
  if (!token) {
    return std::nullopt;
  }
  return IdempotencyClaim{.scope = caller.principal_arn + "|" + caller.region + "|" + scope,
                          .token = *token,
                          .request_hash = sha256(bytes_of(request)),
                          .window = options.idempotency_window};
}

std::optional<CertificateRecord> AuthorityService::State::earlier(
    const std::optional<IdempotencyClaim>& claimed) const {
  const auto found = claimed ? inventory.claimed(claimed->scope, claimed->token) : std::nullopt;
  if (!found || !found->serial || found->expires_at <= clock.now() ||
      found->request_hash != claimed->request_hash) {
    return std::nullopt;
  }
  auto record = inventory.certificate(found->authority, *found->serial);
  return record && record->state != CertificateState::failed ? std::move(record) : std::nullopt;
}

std::shared_ptr<const std::vector<ProvisioningProfile>> AuthorityService::State::current_profiles() const {
  const std::lock_guard lock{mutex};
  return profiles;
}

void AuthorityService::replace_profiles(std::vector<ProvisioningProfile> profiles) {
  auto next = std::make_shared<const std::vector<ProvisioningProfile>>(std::move(profiles));
  const std::lock_guard lock{state_->mutex};
  state_->profiles = std::move(next);
}

void AuthorityService::record_refusal(const Caller& caller, const std::string& operation,
                                      const std::string& resource, const std::string& reason) {
  AuditEvent refused;
  refused.type = "request.refused";
  refused.outcome = "refused";
  refused.principal = caller.principal_arn;
  refused.account = caller.account;
  refused.request_id = caller.request_id;
  refused.detail = {
      {"operation", operation}, {"resource", resource}, {"reason", reason}, {"source_ip", caller.source_ip}};
  if (caller.device_id) {
    refused.detail["caller_device"] = *caller.device_id;
  }
  if (auto event = state_->refusals.admit(std::move(refused), state_->clock.now())) {
    (void)state_->ledger.commit({AppendEvents{}, {*std::move(event)}});
  }
}

void AuthorityService::record_session(const Caller& caller, const std::string& session_arn,
                                      const std::string& access_key_id, Seconds expires) {
  AuditEvent opened;
  opened.type = "session.opened";
  opened.outcome = "ok";
  opened.principal = caller.shown_arn();
  opened.account = caller.account;
  opened.request_id = caller.request_id;
  opened.detail = {{"session", session_arn},
                   {"access_key_id", access_key_id},
                   {"expires", rfc3339(expires)},
                   {"source_ip", caller.source_ip}};
  (void)committed(state_->ledger, {AppendEvents{}, {std::move(opened)}});
}

OcspResponder::Reply AuthorityService::answer_ocsp(ByteView request, const std::string& sender) noexcept {
  return state_->responder.answer(request, sender);
}

std::optional<OcspResponder::Reply> AuthorityService::answer_ocsp_at_once(ByteView request) noexcept {
  return state_->responder.answer_at_once(request);
}

OcspResponder::Status AuthorityService::ocsp_status() const { return state_->responder.status(); }

std::optional<Bytes> AuthorityService::public_certificate(const KeyName& name) {
  const auto authority = state_->catalog.find_by_id(name.authority_id);
  const Authority* issuer = authority ? authority->under(name.key_number) : nullptr;
  if (issuer == nullptr || issuer->record.certificate_der.empty()) {
    return std::nullopt;
  }
  return issuer->record.certificate_der;
}

std::vector<Bytes> AuthorityService::public_chain(const KeyName& name) {
  static constexpr std::size_t kMaxStoredChain = 16;
  std::vector<Bytes> chain;
  const auto authority = state_->catalog.find_by_id(name.authority_id);
  const Authority* issuer = authority ? authority->under(name.key_number) : nullptr;
  if (issuer != nullptr && !issuer->record.certificate_der.empty()) {
    for (PemBlock& block : parse_pem(issuer->issued_chain_pem(), kMaxStoredChain)) {
      chain.push_back(std::move(block.der));
    }
  }
  return chain;
}

namespace {

// For operators; empty when the authority issues at that time.
std::string why_closed(const Authority& authority, TimePoint now) {
  const auto& validity = authority.record.validity;
  switch (authority.status_at(now)) {
    case AuthorityStatus::active:
      return validity && to_seconds(now) < validity->not_before
                 ? "its certificate is not valid before " + rfc3339(validity->not_before)
                 : "";
    case AuthorityStatus::expired:
      return "its certificate ended at " + rfc3339(validity->not_after);
    case AuthorityStatus::disabled:
      return "it is DISABLED";
    case AuthorityStatus::creating:
    case AuthorityStatus::pending_certificate:
      return "it waits for its certificate";
    case AuthorityStatus::failed:
      return "it is FAILED";
    case AuthorityStatus::deleted:
      break;
  }
  return "it is DELETED";
}

bool is_in_service(AuthorityStatus status) {
  return status == AuthorityStatus::active || status == AuthorityStatus::disabled ||
         status == AuthorityStatus::expired;
}

}  // namespace

AuthorityService::Status AuthorityService::status() const {
  const TimePoint now = state_->clock.now();
  Status status;
  status.authorities = state_->catalog.all().size();
  status.issued = state_->issued;
  status.resumed = state_->resumed;
  status.failed = state_->failed;
  for (const auto& authority : state_->catalog.all()) {
    if (authority->key && authority->record.status != AuthorityStatus::deleted) {
      status.keys.push_back({authority->record.arn.text(), authority->record.key_token,
                             state_->signer.verdict(*authority->key),
                             is_in_service(authority->status_at(now)), why_closed(*authority, now)});
    }
    for (const auto& other : authority->others) {
      if (other->answers_at(now)) {
        status.other_keys.push_back(
            {other->record.arn.text(), other->record.key_number, state_->signer.verdict(*other->key)});
      }
    }
  }
  return status;
}

}  // namespace ca
