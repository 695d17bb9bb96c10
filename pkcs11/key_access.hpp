#pragma once
// Internal: keys over one session. All throw Error with the class of the call that failed; after a throw the
// session may have an operation active and must be dropped.
#include "pkcs11/cryptoki.hpp"
#include "pkcs11/error.hpp"
#include "pkcs11/key.hpp"
#include "pkcs11/mechanism.hpp"
#include "pkcs11/uri.hpp"

namespace pkcs11 {

// Valid in one epoch.
struct PrivateKey {
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  KeyType type = KeyType::ec_p256;
};

// By label and/or id. nullopt: none. Throws Error{bad_request} for a URI without either, {key_refused} when
// several fit, when we have no use for its type, or when it wants the PIN at each signature.
[[nodiscard]] std::optional<PrivateKey> find_private_key(const Session& session, const Uri& uri);
[[nodiscard]] Error key_missing(const Uri& uri);
// Error{key_missing} instead of nullopt; {relogin} when only the login is missing.
[[nodiscard]] PrivateKey require_private_key(const Session& session, const Uri& uri);

[[nodiscard]] KeyAttributes read_attributes(const Session& session, const PrivateKey& key);

// C_SignInit and C_Sign once.
[[nodiscard]] Bytes sign_once(const Session& session, const PrivateKey& key, SignatureScheme scheme,
                              ByteView message);

// SubjectPublicKeyInfo from the public key object of the same id, else from the private key's own attributes.
[[nodiscard]] Bytes read_public_key(const Session& session, const PrivateKey& key);

// The whole of I14 on one key: attributes, then a signature over a text that is no certificate, verified
// under `expected_spki`. Throws Error{key_refused} naming what is wrong.
void audit_key(const Session& session, const PrivateKey& key, const Uri& uri, ByteView expected_spki);

// Pairs that are made here carry a mark of their label in the CKA_ID. So what an interrupted creation left
// behind, one half of a pair or a weak key, is told from the keys of others: it is neither taken for a key
// nor in the way of a new one, and it stays where it is, because the half of a pair may be all that is left
// of a key in use.

// The whole and strict pair with that label and mark. nullopt: none, and the token is logged in.
[[nodiscard]] std::optional<GeneratedKey> find_labelled(const Session& session,
                                                        const std::string& token_label,
                                                        const std::string& label);
// Throws Error{bad_request} for what cannot be a label.
void refuse_bad_label(const std::string& label);
// True when a whole pair of ours has the label, or any key object of others. Throws Error{relogin} when that
// cannot be seen.
[[nodiscard]] bool label_in_use(const Session& session, const std::string& label);

// The mark and 64 random bits.
[[nodiscard]] Bytes new_key_id(const std::string& label);
// A new pair by our own strict template, as little of it given up as the token asks for; the label must be
// free. Attributes are read back; a pair that came out weaker is destroyed and refused.
[[nodiscard]] GeneratedKey generate_pair(const Session& session, const std::string& token_label,
                                         const std::string& label, const Bytes& id, KeyType type);
// What generate_pair() with that very id made when its answer was lost: the pair if it is whole and strict;
// what is left of any other is destroyed.
[[nodiscard]] std::optional<GeneratedKey> take_up_pair(const Session& session, const std::string& token_label,
                                                       const std::string& label, const Bytes& id);

}  // namespace pkcs11
