#pragma once
// Internal: what is known about the keys of one token.
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pkcs11/error.hpp"
#include "pkcs11/key_access.hpp"

namespace pkcs11 {

// Handles by URI, valid in one epoch; and the keys that must pass the audit, with its last verdict.
// Thread-safe.
class KeyRing {
 public:
  struct Enrolled {
    Uri uri;
    Bytes spki;
    bool checked;
  };

  [[nodiscard]] std::optional<PrivateKey> known(const std::string& uri, std::uint64_t epoch) const;
  void remember(const std::string& uri, std::uint64_t epoch, const PrivateKey& key);
  // Keeps that it was seen.
  void forget(const std::string& uri);
  [[nodiscard]] bool seen_in(const std::string& uri, std::uint64_t epoch) const;

  void enroll(const Uri& uri, ByteView spki);
  [[nodiscard]] std::vector<Enrolled> enrolled() const;
  // The verdict of an audit: nullopt is good. The handle, where there is one, speaks for every other URI of
  // the same key.
  void judge(const std::string& uri, CK_OBJECT_HANDLE handle, const std::optional<Error>& refusal);
  // A new epoch: no verdict holds, no handle is valid.
  void forget_verdicts();
  // Throws the refusal; {busy} while an enrolled key waits for its audit.
  void require_trusted(const std::string& uri, CK_OBJECT_HANDLE handle) const;
  [[nodiscard]] std::vector<std::string> refused() const;

 private:
  struct Entry {
    std::optional<PrivateKey> key;
    std::uint64_t epoch = 0;
  };
  struct Audit {
    Uri uri;
    Bytes spki;
    bool checked = false;
    std::optional<Error> refusal;
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Audit> audits_;
};

}  // namespace pkcs11
