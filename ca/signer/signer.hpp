#pragma once
#include <optional>
#include <string>

#include "ca/base/clock.hpp"
#include "ca/x509/public_key.hpp"
#include "ca/x509/to_be_signed.hpp"

namespace ca {

// A key in a token and the public key that its signatures must verify under.
struct SigningKey {
  std::string uri;  // RFC 7512
  PublicKey public_key;
};

struct GeneratedSigningKey {
  std::string uri;
  Bytes spki_der;
};

// What is known about a key without asking its token.
struct KeyVerdict {
  enum class State {
    unknown,   // not judged in this connection
    usable,    // passed its audit
    unusable,  // missing, weaker than the ceremony made it, or its signature did not verify: a person must
               // act
  };
  State state = State::unknown;
  std::string detail;  // why it is unusable
};

// Signs with keys that never leave their token. Thread-safe; every call blocks at most until its deadline.
// Throws Code::unavailable (token away or busy past the deadline: nothing came out and the same call may be
// made again), Code::key_unusable, and Code::signature_check_failed (the token returned a signature that does
// not verify: nothing came out; that key is unusable until the process restarts or trust_again()).
class Signer {
 public:
  virtual ~Signer() = default;
  // The signature over the whole message, DER form for ECDSA, already verified under key.public_key (I4).
  [[nodiscard]] virtual Bytes sign(const SigningKey& key, const ToBeSigned& message, Deadline deadline) = 0;
  // A new non-extractable key pair on the configured token. Throws Code::request_failed when the token cannot
  // make such a key, now or later.
  [[nodiscard]] virtual GeneratedSigningKey generate(const std::string& token, const std::string& label,
                                                     KeyAlgorithm algorithm, Deadline deadline) = 0;
  // The key pair with that label, to take up a creation that a crash interrupted.
  [[nodiscard]] virtual std::optional<GeneratedSigningKey> find(const std::string& token,
                                                                const std::string& label,
                                                                Deadline deadline) = 0;
  // I14: reads the attributes back and signs once; from then on repeated by the token layer. Throws
  // Code::key_unusable naming the attribute that is weaker than the ceremony made it.
  virtual void audit(const SigningKey& key, Deadline deadline) = 0;
  // For a key that a signature which did not verify has made unusable: audits it kTrials times, and if all go
  // well it may sign again; true then, false when it was not such a key. Throws what audit() throws, and
  // Code::key_unusable when the last bad signature is less than `rest` ago. For keys that sign what is made
  // anew all the time and that a person would only have to wave through: not for an authority's own.
  virtual bool trust_again(const SigningKey& key, std::chrono::milliseconds rest, Deadline deadline) = 0;
  static constexpr int kTrials = 16;

  // The next two ask no token and do not block.
  [[nodiscard]] virtual KeyVerdict verdict(const SigningKey& key) const = 0;
  // The token that holds the key has been out of reach for longer than a reconnect takes: to wait for it is
  // in vain for now.
  [[nodiscard]] virtual bool is_away(const SigningKey& key) const = 0;
};

}  // namespace ca
