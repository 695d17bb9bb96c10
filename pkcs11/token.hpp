#pragma once
#include <memory>
#include <optional>
#include <string>

#include "pkcs11/doctor.hpp"
#include "pkcs11/error.hpp"
#include "pkcs11/key.hpp"
#include "pkcs11/mechanism.hpp"
#include "pkcs11/slot.hpp"
#include "pkcs11/token_options.hpp"
#include "pkcs11/token_status.hpp"

namespace pkcs11 {

class ModuleSet;
class Supervisor;

// The modules of one process, to be given to every Token of it: two tokens on one PKCS#11 library share one
// C_Initialize, and when one of them needs the library loaded anew, the other drains and connects again.
[[nodiscard]] std::shared_ptr<ModuleSet> make_module_set();
// Calls into the libraries that are under way. When the last Token is gone: those that were left behind
// because they do not come back. A process should then end by _Exit(), before destructors take from a call
// what it stands on.
[[nodiscard]] std::size_t calls_inside(ModuleSet& modules);

// One token of one module, kept connected by a thread of its own. Thread-safe; every call ends at its
// deadline, or 100 ms after it got a session if that is later, also when the vendor's library never comes
// back: then Error{unavailable} says so, the call stays behind with its thread and its session, and the pool
// makes up for the session. Once as many calls about one key hang as there are sessions, that key is refused
// at once, and others go on (docs/decisions/006).
//
// Trouble with sessions, login, network and throttling is repeated inside the deadline; a signature or a
// search may be made twice, and that is safe. What a caller sees: Error{unavailable} at the deadline or when
// the token is sealed, {key_missing}, {key_refused}, {label_exists}, {bad_request}.
class Token {
 public:
  // Does not wait for the token. Throws Error{fatal_config} for options that can never work. The short form
  // is for a process with one token on that module; a second one is refused until the first is gone.
  explicit Token(TokenOptions options);
  Token(TokenOptions options, const std::shared_ptr<ModuleSet>& modules);
  // Lets calls under way end (at most the drain limit), logs out, unloads the module that nobody else uses.
  // A call that hangs beyond that is left behind, and the module stays loaded for it: calls_inside().
  ~Token();
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  [[nodiscard]] const TokenOptions& options() const;

  // False at the deadline, and at once when the token is sealed.
  [[nodiscard]] bool wait_until_up(Deadline deadline);

  // The whole message; hashed here. ECDSA in DER. Whether the signature verifies is for the caller to check.
  [[nodiscard]] Bytes sign(const Uri& key, SignatureScheme scheme, ByteView message, Deadline deadline);

  // One at a time in the module. TOKEN, PRIVATE, SENSITIVE, not EXTRACTABLE, SIGN and nothing else, not
  // MODIFIABLE or COPYABLE where the token takes that. Durable on the token at return. Throws
  // Error{key_refused} when the token made something weaker, which is then destroyed.
  [[nodiscard]] GeneratedKey generate_key(std::string label, KeyType type, Deadline deadline);
  // For taking up a creation that a crash interrupted: a whole pair that generate_key() made under that
  // label.
  [[nodiscard]] std::optional<GeneratedKey> find_key(std::string label, Deadline deadline);
  // SubjectPublicKeyInfo.
  [[nodiscard]] Bytes public_key(const Uri& key, Deadline deadline);
  [[nodiscard]] KeyAttributes attributes(const Uri& key, Deadline deadline);

  // I14: from now on this key signs only after an audit under `expected_spki` in the same connection. The
  // token layer makes it, at the latest on the session of the first signature. Asks no token.
  void expect(const Uri& key, ByteView expected_spki);
  // I14: attributes and a trial signature under `expected_spki`. Throws Error{key_refused} that names what is
  // weaker or other. Remembered and repeated at each reconnect and every audit_interval; from a failure until
  // a pass this key signs nothing, and no other key is touched.
  void audit(const Uri& key, ByteView expected_spki, Deadline deadline);

  [[nodiscard]] TokenStatus status() const;
  // By the very URI that was audited. Asks no token.
  [[nodiscard]] KeyStanding standing(const Uri& key) const;

 private:
  std::shared_ptr<Supervisor> supervisor_;
};

}  // namespace pkcs11
