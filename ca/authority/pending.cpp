// Certificates that were accepted and wait for their token: the queue is the ledger's PENDING rows.
#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/key_name.hpp"

namespace ca {
namespace {

constexpr std::size_t kPendingBatch = 256;
constexpr const char* kDiscarded = "the key that it was accepted for was discarded";

// Keys whose rows are of no use to try in this turn.
class Blocked {
 public:
  [[nodiscard]] bool contains(const std::string& key) const {
    const std::lock_guard lock{mutex_};
    return keys_.contains(key);
  }
  void add(const std::string& key) {
    const std::lock_guard lock{mutex_};
    keys_.insert(key);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> keys_;
};

}  // namespace

// A key that does not sign holds up its own rows only.
Loop::Turn AuthorityService::State::sign_pending() {
  std::atomic<bool> done{false};
  std::atomic<bool> kept{false};
  Blocked blocked;
  const auto sign = [&](const CertificateRecord& record) noexcept {
    try {
      const std::string issuer = KeyName{record.issuer.id, record.key_number}.text();
      if (blocked.contains(issuer) || pending_loop->is_stopping()) {
        kept = true;
        return;
      }
      try {
        (sign_row(record) == Row::done ? done : kept) = true;
      } catch (const std::exception& error) {
        kept = true;
        blocked.add(issuer);
        say(record.issuer.text(),
            "accepted certificates of " + record.issuer.text() + " wait: " + error.what());
      }
    } catch (...) {
      kept = true;  // no memory even for words: the next turn tries again
    }
  };
  try {
    std::uint64_t cursor = 0;
    while (!pending_loop->is_stopping()) {
      const auto rows = inventory.pending(cursor, kPendingBatch);
      if (rows.empty()) {
        break;
      }
      cursor = rows.back().cursor;
      crew->for_each(rows.size(), [&](std::size_t at) { sign(rows[at].record); });
    }
  } catch (const std::exception& error) {
    kept = true;
    say("pending", std::string{"accepted certificates wait: "} + error.what());
  }
  return !kept ? Loop::Turn::idle : done ? Loop::Turn::progressed : Loop::Turn::stuck;
}

AuthorityService::State::Row AuthorityService::State::sign_row(const CertificateRecord& listed) {
  const auto mine = issuance.claim(listed.serial);
  if (!mine) {
    return Row::kept;  // the request that made it is at it
  }
  const auto record = inventory.certificate(listed.issuer, listed.serial);
  if (!record || record->state != CertificateState::pending) {
    return Row::done;  // finished between the listing and the claim
  }
  const auto authority = catalog.find(record->issuer);
  const Authority* issuer = authority ? authority->under(record->key_number) : nullptr;
  if (authority && issuer == nullptr) {
    (void)issuance.give_up(*record, kDiscarded);
    ++failed;
    return Row::done;
  }
  if (issuer == nullptr || !issuer->key) {
    throw Error{Code::internal, "the authority of a pending certificate has no key"};
  }
  CertificateRecord signed_record;
  try {
    signed_record =
        issuance.resume(*record, issuer->issuer(), std::chrono::steady_clock::now() + options.sign_deadline);
  } catch (const Error& error) {
    if (is_fatal(error.code())) {
      stop_issuing(*issuer, error.what());
    } else if (error.code() == Code::key_unusable) {
      note_unusable(issuer->record.key_uri);
    }
    throw;
  }
  if (signed_record.state == CertificateState::failed) {
    ++failed;
    return Row::done;
  }
  if (signed_record.state == CertificateState::pending) {
    return Row::kept;
  }
  ++issued;
  ++resumed;
  well(record->issuer.text());
  return Row::done;
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
  const Authority* issuer = authority->under(record.key_number);
  if (issuer == nullptr) {
    return kDiscarded;
  }
  const bool answers = record.profile == kOcspSignerProfile && issuer->answers_at(now);
  if (status != AuthorityStatus::active && !self_issue && !answers) {
    return "the certificate authority was " + std::string{api_name(status)} + " before the token could sign";
  }
  const std::lock_guard lock{mutex};
  const auto unusable = unusable_since.find(issuer->record.key_uri);
  if (unusable != unusable_since.end() && now - unusable->second >= options.key_gone_after) {
    return "the key of the certificate authority was not usable for too long";
  }
  return std::nullopt;
}

}  // namespace ca
