#pragma once
#include <optional>
#include <string>

#include "pkcs11/bytes.hpp"

namespace pkcs11 {

// What a token says about a private key; nullopt where it does not say.
struct KeyAttributes {
  std::optional<bool> token;
  std::optional<bool> private_;
  std::optional<bool> sensitive;
  std::optional<bool> extractable;
  std::optional<bool> always_sensitive;
  std::optional<bool> never_extractable;
  std::optional<bool> local;
  std::optional<bool> sign;
  std::optional<bool> decrypt;
  std::optional<bool> unwrap;
  std::optional<bool> derive;
  std::optional<bool> sign_recover;
  std::optional<bool> always_authenticate;
  std::optional<bool> modifiable;
  std::optional<bool> copyable;
  std::string key_type;  // "EC P-256"
};

struct GeneratedKey {
  std::string uri;  // pkcs11:token=..;object=LABEL;id=..;type=private
  Bytes spki_der;
};

// The first attribute that is weaker than a CA key's must be, with its value: "CKA_EXTRACTABLE is true".
// nullopt: none. What the token does not say counts as weak, except for what it only tells of the key's past
// (CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE): not every token keeps that.
[[nodiscard]] std::optional<std::string> weakness_of(const KeyAttributes& attributes);
// A key of our own making must in addition be good for nothing but signatures. No weakness:
// CKA_SIGN_RECOVER, which signs as CKA_SIGN does, CKA_MODIFIABLE and CKA_COPYABLE, which make no sensitive
// key readable; not every token can forbid them.
[[nodiscard]] std::optional<std::string> weakness_of_new(const KeyAttributes& attributes);

}  // namespace pkcs11
