#pragma once
#include "pkcs11/bytes.hpp"
#include "pkcs11/mechanism.hpp"

namespace pkcs11 {

// SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) from what a token says about a public key. Both throw
// Error{key_refused} when it is no point of the curve, or no such key at all.
[[nodiscard]] Bytes rsa_spki(ByteView modulus, ByteView public_exponent);
// `point` is CKA_EC_POINT: a DER OCTET STRING by the standard, the raw point from several tokens.
[[nodiscard]] Bytes ec_spki(KeyType type, ByteView point);

// True when the signature (DER for ECDSA) is by the key over the message.
[[nodiscard]] bool verifies(ByteView spki_der, SignatureScheme scheme, ByteView message, ByteView signature);

}  // namespace pkcs11
