#include "pkcs11/key_template.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "pkcs11/public_key.hpp"

namespace pkcs11 {
namespace {

ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool is_rsa(KeyType type) {
  return type == KeyType::rsa_2048 || type == KeyType::rsa_3072 || type == KeyType::rsa_4096;
}

CK_ULONG modulus_bits(KeyType type) {
  return type == KeyType::rsa_2048 ? 2048 : type == KeyType::rsa_3072 ? 3072 : 4096;
}

}  // namespace

std::array<unsigned, 1U << kOptionalAttributes> sets_to_leave_out() {
  std::array<unsigned, 1U << kOptionalAttributes> sets{};
  std::iota(sets.begin(), sets.end(), 0U);
  std::ranges::sort(sets, [](unsigned a, unsigned b) {
    return std::pair{std::popcount(a), a} < std::pair{std::popcount(b), b};
  });
  return sets;
}

Template public_template(KeyType type, const std::string& label, const Bytes& id, unsigned left_out) {
  Template attributes;
  attributes.flag(CKA_TOKEN, true)
      .flag(CKA_PRIVATE, false)
      .flag(CKA_VERIFY, true)
      .bytes(CKA_LABEL, view(label))
      .bytes(CKA_ID, id);
  if (is_rsa(type)) {
    attributes.number(CKA_MODULUS_BITS, modulus_bits(type))
        .bytes(CKA_PUBLIC_EXPONENT, Bytes{0x01, 0x00, 0x01});
  } else {
    attributes.bytes(CKA_EC_PARAMS, curve_parameters(type));
  }
  if ((left_out & kPublicUses) == 0) {
    attributes.flag(CKA_ENCRYPT, false).flag(CKA_WRAP, false);
  }
  if ((left_out & kPublicModifiable) == 0) {
    attributes.flag(CKA_MODIFIABLE, false);
  }
  return attributes;
}

Template private_template(const std::string& label, const Bytes& id, unsigned left_out) {
  Template attributes;
  attributes.flag(CKA_TOKEN, true)
      .flag(CKA_PRIVATE, true)
      .flag(CKA_SENSITIVE, true)
      .flag(CKA_EXTRACTABLE, false)
      .flag(CKA_SIGN, true)
      .bytes(CKA_LABEL, view(label))
      .bytes(CKA_ID, id);
  const auto unless_left_out = [&](unsigned which, CK_ATTRIBUTE_TYPE type) {
    if ((left_out & which) == 0) {
      attributes.flag(type, false);
    }
  };
  unless_left_out(kOtherUses, CKA_DECRYPT);
  unless_left_out(kOtherUses, CKA_UNWRAP);
  unless_left_out(kDerive, CKA_DERIVE);
  unless_left_out(kSignRecover, CKA_SIGN_RECOVER);
  unless_left_out(kModifiable, CKA_MODIFIABLE);
  unless_left_out(kCopyable, CKA_COPYABLE);
  return attributes;
}

CK_MECHANISM_TYPE generation_mechanism(KeyType type) {
  switch (type) {
    case KeyType::rsa_2048:
    case KeyType::rsa_3072:
    case KeyType::rsa_4096:
      return CKM_RSA_PKCS_KEY_PAIR_GEN;
    case KeyType::ec_p256:
    case KeyType::ec_p384:
    case KeyType::ec_p521:
      return CKM_EC_KEY_PAIR_GEN;
    case KeyType::ed25519:
      break;
  }
  return CKM_EC_EDWARDS_KEY_PAIR_GEN;
}

}  // namespace pkcs11
