#pragma once
// Internal: what a new key pair is asked to be.
#include <array>
#include <string>

#include "pkcs11/mechanism.hpp"
#include "pkcs11/object.hpp"

namespace pkcs11 {

// Attributes that some tokens do not take in a template, the one that is missed least first. The bits of a
// set.
enum OptionalAttribute : unsigned {
  kPublicUses = 1U << 0,        // public key: ENCRYPT and WRAP false
  kPublicModifiable = 1U << 1,  // public key: MODIFIABLE false
  kCopyable = 1U << 2,
  kSignRecover = 1U << 3,
  kModifiable = 1U << 4,
  kOtherUses = 1U << 5,  // DECRYPT and UNWRAP false
  kDerive = 1U << 6,
};
inline constexpr unsigned kOptionalAttributes = 7;

// Every set of attributes to leave out, in the order in which to try: none, each alone, each two, and so on,
// so that none is given up for another's sake.
[[nodiscard]] std::array<unsigned, 1U << kOptionalAttributes> sets_to_leave_out();

[[nodiscard]] Template public_template(KeyType type, const std::string& label, const Bytes& id,
                                       unsigned left_out);
// TOKEN, PRIVATE, SENSITIVE, not EXTRACTABLE, SIGN; the rest false.
[[nodiscard]] Template private_template(const std::string& label, const Bytes& id, unsigned left_out);
[[nodiscard]] CK_MECHANISM_TYPE generation_mechanism(KeyType type);

}  // namespace pkcs11
