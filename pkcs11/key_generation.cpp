#include <algorithm>
#include <array>
#include <openssl/rand.h>
#include <utility>

#include "pkcs11/error.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/object.hpp"
#include "pkcs11/public_key.hpp"

namespace pkcs11 {
namespace {

ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string uri_text(const std::string& token_label, const std::string& label, const Bytes& id) {
  Uri uri;
  uri.token = token_label;
  uri.object = label;
  uri.id = id;
  uri.type = "private";
  return uri.text();
}

// Not every token takes every attribute; none of these is given up for the others' sake before it must be.
struct Strictness {
  bool copyable_false;
  bool modifiable_false;
  bool rare_uses_false;  // SIGN_RECOVER, DERIVE: a signature key of some tokens does not know them
};
constexpr std::array kStrictness = std::to_array<Strictness>({
    {true, true, true},
    {false, true, true},
    {false, false, true},
    {false, false, false},
});

bool is_template_complaint(CK_RV rv) {
  return rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
         rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_ATTRIBUTE_READ_ONLY;
}

bool is_rsa(KeyType type) {
  return type == KeyType::rsa_2048 || type == KeyType::rsa_3072 || type == KeyType::rsa_4096;
}

CK_ULONG modulus_bits(KeyType type) {
  return type == KeyType::rsa_2048 ? 2048 : type == KeyType::rsa_3072 ? 3072 : 4096;
}

Template public_template(KeyType type, const std::string& label, const Bytes& id, const Strictness& strict) {
  Template attributes;
  attributes.flag(CKA_TOKEN, true)
      .flag(CKA_PRIVATE, false)
      .flag(CKA_VERIFY, true)
      .flag(CKA_ENCRYPT, false)
      .flag(CKA_WRAP, false)
      .bytes(CKA_LABEL, view(label))
      .bytes(CKA_ID, id);
  if (is_rsa(type)) {
    attributes.number(CKA_MODULUS_BITS, modulus_bits(type))
        .bytes(CKA_PUBLIC_EXPONENT, Bytes{0x01, 0x00, 0x01});
  } else {
    attributes.bytes(CKA_EC_PARAMS, curve_parameters(type));
  }
  if (strict.modifiable_false) {
    attributes.flag(CKA_MODIFIABLE, false);
  }
  return attributes;
}

Template private_template(const std::string& label, const Bytes& id, const Strictness& strict) {
  Template attributes;
  attributes.flag(CKA_TOKEN, true)
      .flag(CKA_PRIVATE, true)
      .flag(CKA_SENSITIVE, true)
      .flag(CKA_EXTRACTABLE, false)
      .flag(CKA_SIGN, true)
      .flag(CKA_DECRYPT, false)
      .flag(CKA_UNWRAP, false)
      .bytes(CKA_LABEL, view(label))
      .bytes(CKA_ID, id);
  if (strict.rare_uses_false) {
    attributes.flag(CKA_DERIVE, false).flag(CKA_SIGN_RECOVER, false);
  }
  if (strict.modifiable_false) {
    attributes.flag(CKA_MODIFIABLE, false);
  }
  if (strict.copyable_false) {
    attributes.flag(CKA_COPYABLE, false);
  }
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

struct Pair {
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
};

Pair generate(const Session& session, const std::string& label, const Bytes& id, KeyType type) {
  CK_MECHANISM mechanism{generation_mechanism(type), nullptr, 0};
  CK_RV rv = CKR_OK;
  for (const Strictness& strict : kStrictness) {
    Template open = public_template(type, label, id, strict);
    Template closed = private_template(label, id, strict);
    Pair pair;
    rv = session.functions->C_GenerateKeyPair(session.handle, &mechanism, open.attributes(), open.size(),
                                              closed.attributes(), closed.size(), &pair.public_key,
                                              &pair.private_key);
    if (rv == CKR_OK) {
      return pair;
    }
    if (!is_template_complaint(rv)) {
      break;
    }
  }
  throw Error{classify("C_GenerateKeyPair", rv), "C_GenerateKeyPair", rv, std::string{name_of(type)},
              hint_for("C_GenerateKeyPair", rv)};
}

}  // namespace

void refuse_bad_label(const std::string& label) {
  Uri probe;
  probe.object = label;
  try {
    static_cast<void>(Uri::parse(probe.text()));
  } catch (const Error&) {
    throw Error{ErrorClass::bad_request,
                "a key label must be 1 to 255 bytes of UTF-8 without control characters",
                "choose another label"};
  }
}

bool label_in_use(const Session& session, const std::string& label) {
  require_login(session);
  return std::ranges::any_of(std::array{CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}, [&](CK_OBJECT_CLASS object_class) {
    Template wanted;
    wanted.number(CKA_CLASS, object_class).bytes(CKA_LABEL, view(label));
    return !find_objects(session, std::move(wanted)).empty();
  });
}

std::optional<GeneratedKey> find_labelled(const Session& session, const std::string& token_label,
                                          const std::string& label) {
  Uri uri;
  uri.object = label;
  const auto key = find_private_key(session, uri);
  if (!key) {
    require_login(session);
    return std::nullopt;
  }
  const auto id = read_bytes(session, key->handle, CKA_ID);
  Uri full;
  full.token = token_label;
  full.object = label;
  full.type = "private";
  if (id && !id->empty()) {
    full.id = *id;
  }
  return GeneratedKey{full.text(), read_public_key(session, *key)};
}

GeneratedKey generate_pair(const Session& session, const std::string& token_label, const std::string& label,
                           KeyType type) {
  Bytes id(16);
  if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1) {
    throw Error{ErrorClass::fatal_config, "OpenSSL has no randomness"};
  }
  const Pair pair = generate(session, label, id, type);
  const PrivateKey key{pair.private_key, type};
  if (const auto weakness = weakness_of(read_attributes(session, key))) {
    // Ours and seconds old: nothing can depend on it.
    session.functions->C_DestroyObject(session.handle, pair.private_key);
    session.functions->C_DestroyObject(session.handle, pair.public_key);
    throw Error{ErrorClass::key_refused, "C_GenerateKeyPair", CKR_OK, "the new key is weak: " + *weakness,
                "the token does not keep what its template asks for; it cannot hold CA keys"};
  }
  return {uri_text(token_label, label, id), read_public_key(session, key)};
}

}  // namespace pkcs11
