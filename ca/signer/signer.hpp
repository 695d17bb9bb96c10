#pragma once
#include <optional>
#include <string>

#include "ca/base/clock.hpp"
#include "ca/x509/public_key.hpp"

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

// Signs with keys that never leave their token. Thread-safe; every call blocks at most until its deadline.
// Throws Code::unavailable (token away, busy past the deadline, key missing or refused by the audit: nothing
// came out and the same call may be made again) and Code::signature_check_failed (the token returned a
// signature that does not verify: nothing came out; that key signs nothing more until the process restarts).
class Signer {
 public:
  virtual ~Signer() = default;
  // The signature over the whole message, DER form for ECDSA, already verified under key.public_key (I4).
  [[nodiscard]] virtual Bytes sign(const SigningKey& key, SigningAlgorithm algorithm, ByteView message,
                                   Deadline deadline) = 0;
  // A new non-extractable key pair on the configured token; the label must be free there.
  [[nodiscard]] virtual GeneratedSigningKey generate(const std::string& token, const std::string& label,
                                                     KeyAlgorithm algorithm, Deadline deadline) = 0;
  // The key pair with that label, to take up a creation that a crash interrupted.
  [[nodiscard]] virtual std::optional<GeneratedSigningKey> find(const std::string& token,
                                                                const std::string& label,
                                                                Deadline deadline) = 0;
  // I14: reads the attributes back and signs once; from then on repeated by the token layer. Throws
  // Code::unavailable naming the attribute that is weaker than the ceremony made it.
  virtual void audit(const SigningKey& key, Deadline deadline) = 0;
};

}  // namespace ca
