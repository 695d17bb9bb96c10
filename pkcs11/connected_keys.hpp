#pragma once
// Internal: the keys of one connection, over one session of it.
#include "pkcs11/key_ring.hpp"
#include "pkcs11/session_pool.hpp"

namespace pkcs11 {

// Finds keys and audits them, and lets the ring remember both. The lease must belong to the token whose keys
// the ring knows. What is thrown says whether the key is the cause ({key_missing}, {key_refused},
// {bad_request}) or the connection; nothing is recorded about a key when it is the connection.
class ConnectedKeys {
 public:
  ConnectedKeys(KeyRing& ring, SessionPool::Lease& lease) : ring_{ring}, lease_{lease} {}

  [[nodiscard]] PrivateKey find(const Uri& uri, const std::string& name);
  // I14. Records the verdict and returns it: nullopt is good.
  [[nodiscard]] std::optional<Error> audit(const KeyRing::Enrolled& key);
  // Every audit that must come before this key signs in this connection. Throws Error{busy} while another
  // thread is at it.
  void audit_unjudged(const std::string& name);

 private:
  [[noreturn]] void absent(const Uri& uri, const std::string& name);

  KeyRing& ring_;
  SessionPool::Lease& lease_;
};

}  // namespace pkcs11
