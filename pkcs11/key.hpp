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
  std::optional<bool> always_authenticate;
  std::optional<bool> modifiable;
  std::string key_type;  // "EC P-256"
};

struct GeneratedKey {
  std::string uri;  // pkcs11:token=..;object=LABEL;id=..;type=private
  Bytes spki_der;
};

// The first attribute that is weaker than a CA key's must be, with its value: "CKA_EXTRACTABLE is true".
// nullopt: none. What the token does not say counts as weak.
[[nodiscard]] std::optional<std::string> weakness_of(const KeyAttributes& attributes);

}  // namespace pkcs11
