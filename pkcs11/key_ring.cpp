#include "pkcs11/key_ring.hpp"

#include <algorithm>

namespace pkcs11 {
namespace {

constexpr std::chrono::seconds kClaim{30};

Error still_auditing() { return Error{ErrorClass::busy, "the audit of the key has not ended yet"}; }

}  // namespace

std::optional<PrivateKey> KeyRing::known(const std::string& uri, std::uint64_t epoch) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(uri);
  return found != entries_.end() && found->second.epoch == epoch ? found->second.key : std::nullopt;
}

void KeyRing::remember(const std::string& uri, std::uint64_t epoch, const PrivateKey& key) {
  const std::lock_guard lock{mutex_};
  entries_[uri] = {key, epoch};
}

void KeyRing::forget(const std::string& uri) {
  const std::lock_guard lock{mutex_};
  if (const auto found = entries_.find(uri); found != entries_.end()) {
    found->second.key.reset();
  }
}

bool KeyRing::seen_in(const std::string& uri, std::uint64_t epoch) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(uri);
  return found != entries_.end() && found->second.epoch == epoch;
}

void KeyRing::enroll(const Uri& uri, ByteView spki) {
  const std::string name = uri.text();
  const std::lock_guard lock{mutex_};
  const auto found = audits_.find(name);
  if (found != audits_.end() && std::ranges::equal(found->second.spki, spki)) {
    return;
  }
  audits_[name] = Audit{.uri = uri, .spki = {spki.begin(), spki.end()}};
}

std::vector<KeyRing::Enrolled> KeyRing::enrolled() const {
  std::vector<Enrolled> result;
  const std::lock_guard lock{mutex_};
  for (const auto& [name, audit] : audits_) {
    result.push_back({audit.uri, audit.spki, audit.judged_in});
  }
  return result;
}

std::vector<KeyRing::Enrolled> KeyRing::claim_unjudged(const std::string& uri, std::uint64_t epoch) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Enrolled> claimed;
  const std::lock_guard lock{mutex_};
  const bool is_enrolled = audits_.contains(uri);
  for (auto& [name, audit] : audits_) {
    if (audit.judged_in == epoch || (is_enrolled && name != uri)) {
      continue;
    }
    if (audit.claimed_in == epoch && now < audit.claim_ends) {
      throw still_auditing();
    }
    claimed.push_back({audit.uri, audit.spki, audit.judged_in});
  }
  for (const Enrolled& key : claimed) {
    Audit& audit = audits_[key.uri.text()];
    audit.claimed_in = epoch;
    audit.claim_ends = now + kClaim;
  }
  return claimed;
}

KeyRing::Audit* KeyRing::of(const Enrolled& key) {
  const auto found = audits_.find(key.uri.text());
  return found != audits_.end() && found->second.spki == key.spki ? &found->second : nullptr;
}

void KeyRing::judge(const Enrolled& key, std::uint64_t epoch, CK_OBJECT_HANDLE handle,
                    const std::optional<Error>& refusal) {
  const std::lock_guard lock{mutex_};
  Audit* audit = of(key);
  if (audit == nullptr || audit->judged_in > epoch) {
    return;
  }
  audit->judged_in = epoch;
  audit->refusal = refusal;
  audit->handle = handle;
  audit->claimed_in = 0;
}

void KeyRing::give_up(const Enrolled& key, std::uint64_t epoch) {
  const std::lock_guard lock{mutex_};
  Audit* audit = of(key);
  if (audit != nullptr && audit->claimed_in == epoch) {
    audit->claimed_in = 0;
  }
}

void KeyRing::require_trusted(const std::string& uri, std::uint64_t epoch, CK_OBJECT_HANDLE handle) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [name, audit] : audits_) {
    const bool judged = audit.judged_in == epoch;
    const bool this_key = name == uri || (judged && audit.handle == handle && handle != CK_INVALID_HANDLE);
    if (this_key && !judged) {
      throw still_auditing();
    }
    if (this_key && audit.refusal) {
      throw Error{*audit.refusal};
    }
  }
}

KeyStanding KeyRing::standing(const std::string& uri, std::uint64_t epoch) const {
  const std::lock_guard lock{mutex_};
  const auto found = audits_.find(uri);
  if (found == audits_.end()) {
    return {};
  }
  if (found->second.refusal) {
    return {KeyStanding::State::refused, found->second.refusal->what()};
  }
  const bool passed = epoch != 0 && found->second.judged_in == epoch;
  return {passed ? KeyStanding::State::passed : KeyStanding::State::unjudged, {}};
}

std::vector<RefusedKey> KeyRing::refused() const {
  std::vector<RefusedKey> result;
  const std::lock_guard lock{mutex_};
  for (const auto& [name, audit] : audits_) {
    if (audit.refusal) {
      result.push_back({name, audit.refusal->what()});
    }
  }
  return result;
}

}  // namespace pkcs11
