#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ca/base/clock.hpp"
#include "ca/base/secret_bytes.hpp"

namespace auth {

// A role that somebody has taken for a time (AssumeRole).
struct Session {
  std::string account;  // of the role
  std::string role;     // its name
  std::string name;     // RoleSessionName
  std::string policy;   // JSON of the session policy; empty: none
  ca::Seconds expires;
};

// Temporary credentials as AWS hands them out. The secret is for the one answer that carries it.
struct SessionCredentials {
  std::string access_key_id;  // "ASIA" and 16 characters
  std::string secret_access_key;
  std::string session_token;
};

// Makes and reads the credentials of sessions. Nothing is stored: the token carries the session under a MAC,
// and the secret access key follows from the token and the key, so that every daemon with the same key
// accepts what one of them gave. A token alone is no credential: its requests must be signed. Thread-safe.
class SessionTokens {
 public:
  explicit SessionTokens(std::shared_ptr<const ca::SecretBytes> key);

  [[nodiscard]] SessionCredentials open(const Session& session) const;

  struct Claim {
    Session session;
    std::string access_key_id;
    std::shared_ptr<const ca::SecretBytes> secret;  // as the client has it
  };
  // nullopt for a token that this key did not make; whether it has expired is for the caller to say.
  [[nodiscard]] std::optional<Claim> read(std::string_view token) const;

 private:
  std::shared_ptr<const ca::SecretBytes> key_;
};

}  // namespace auth
