#pragma once
// Internal: what is known about the keys of one token.
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pkcs11/bytes.hpp"
#include "pkcs11/error.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/token_status.hpp"

namespace pkcs11 {

// Handles by URI, valid in one epoch; and the keys that must pass the audit, with its last verdict. A verdict
// holds in the epoch in which it was found, a refusal until a pass. Thread-safe.
class KeyRing {
 public:
  struct Enrolled {
    Uri uri;
    Bytes spki;
    std::uint64_t judged_in = 0;  // epoch of the last verdict; 0: none
  };

  [[nodiscard]] std::optional<PrivateKey> known(const std::string& uri, std::uint64_t epoch) const;
  void remember(const std::string& uri, std::uint64_t epoch, const PrivateKey& key);
  // Keeps that it was seen.
  void forget(const std::string& uri);
  [[nodiscard]] bool seen_in(const std::string& uri, std::uint64_t epoch) const;

  // This key signs only after an audit under this public key in the same epoch.
  void enroll(const Uri& uri, ByteView spki);
  [[nodiscard]] std::vector<Enrolled> enrolled() const;
  // What must be audited before `uri` may sign in this epoch, for the caller to do: the key itself, or for a
  // URI that is not enrolled every key that it may be another name of. Empty when all is judged. Throws
  // Error{busy} while another thread is at it.
  [[nodiscard]] std::vector<Enrolled> claim_unjudged(const std::string& uri, std::uint64_t epoch);
  // The verdict of an audit: nullopt is good. The handle, where there is one, speaks for every other URI of
  // the same key. Nothing when the key was enrolled otherwise meanwhile, or a later epoch has judged.
  void judge(const Enrolled& key, std::uint64_t epoch, CK_OBJECT_HANDLE handle,
             const std::optional<Error>& refusal);
  // The audit said nothing about the key: somebody else may try.
  void give_up(const Enrolled& key, std::uint64_t epoch);
  // Throws the refusal; {busy} while an enrolled key waits for its audit.
  void require_trusted(const std::string& uri, std::uint64_t epoch, CK_OBJECT_HANDLE handle) const;
  [[nodiscard]] KeyStanding standing(const std::string& uri, std::uint64_t epoch) const;
  [[nodiscard]] std::vector<RefusedKey> refused() const;

 private:
  struct Entry {
    std::optional<PrivateKey> key;
    std::uint64_t epoch = 0;
  };
  struct Audit {
    Uri uri;
    Bytes spki;
    std::uint64_t judged_in = 0;
    std::optional<Error> refusal;
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;  // in that epoch
    std::uint64_t claimed_in = 0;
    Deadline claim_ends{};  // an audit that hangs does not keep others from it for ever
  };
  [[nodiscard]] Audit* of(const Enrolled& key);

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Audit> audits_;
};

}  // namespace pkcs11
