#include "pkcs11/key_ring.hpp"

namespace pkcs11 {

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
  Audit& audit = audits_[name];
  const bool other_key = audit.spki != Bytes{spki.begin(), spki.end()};
  audit.uri = uri;
  audit.spki = {spki.begin(), spki.end()};
  if (other_key) {
    audit.checked = false;
  }
}

std::vector<KeyRing::Enrolled> KeyRing::enrolled() const {
  std::vector<Enrolled> result;
  const std::lock_guard lock{mutex_};
  for (const auto& [name, audit] : audits_) {
    result.push_back({audit.uri, audit.spki, audit.checked});
  }
  return result;
}

void KeyRing::judge(const std::string& uri, CK_OBJECT_HANDLE handle, const std::optional<Error>& refusal) {
  const std::lock_guard lock{mutex_};
  Audit& audit = audits_[uri];
  audit.checked = true;
  audit.refusal = refusal;
  audit.handle = handle;
}

void KeyRing::forget_verdicts() {
  const std::lock_guard lock{mutex_};
  for (auto& [name, audit] : audits_) {
    audit.checked = false;
    audit.handle = CK_INVALID_HANDLE;
  }
}

void KeyRing::require_trusted(const std::string& uri, CK_OBJECT_HANDLE handle) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [name, audit] : audits_) {
    const bool this_key = name == uri || (audit.handle == handle && handle != CK_INVALID_HANDLE);
    if (this_key && audit.refusal) {
      throw Error{*audit.refusal};
    }
    if (this_key && !audit.checked) {
      throw Error{ErrorClass::busy, "the audit of the key has not ended yet"};
    }
  }
}

std::vector<std::string> KeyRing::refused() const {
  std::vector<std::string> result;
  const std::lock_guard lock{mutex_};
  for (const auto& [name, audit] : audits_) {
    if (audit.refusal) {
      result.push_back(name + ": " + audit.refusal->what());
    }
  }
  return result;
}

}  // namespace pkcs11
