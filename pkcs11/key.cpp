#include "pkcs11/key.hpp"

#include <algorithm>
#include <array>
#include <openssl/rand.h>
#include <span>
#include <string_view>
#include <utility>

#include "pkcs11/error.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/object.hpp"
#include "pkcs11/public_key.hpp"

namespace pkcs11 {
namespace {

constexpr std::size_t kMaxSignatureBytes = 1024;

ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string said(const std::optional<bool>& value) {
  return !value ? "not told by the token" : *value ? "true" : "false";
}

ByteView without_leading_zeros(ByteView number) {
  while (!number.empty() && number.front() == 0) {
    number = number.subspan(1);
  }
  return number;
}

std::optional<KeyType> read_type(const Session& session, CK_OBJECT_HANDLE object) {
  const auto kind = read_number(session, object, CKA_KEY_TYPE);
  if (kind == CKK_RSA) {
    const auto modulus = read_bytes(session, object, CKA_MODULUS);
    return modulus ? key_type_of_modulus(without_leading_zeros(*modulus).size()) : std::nullopt;
  }
  if (kind == CKK_EC || kind == CKK_EC_EDWARDS) {
    const auto curve = read_bytes(session, object, CKA_EC_PARAMS);
    return curve ? key_type_of_curve(*curve) : std::nullopt;
  }
  return std::nullopt;
}

Bytes spki_of(const Session& session, CK_OBJECT_HANDLE object, KeyType type) {
  switch (type) {
    case KeyType::rsa_2048:
    case KeyType::rsa_3072:
    case KeyType::rsa_4096: {
      const auto modulus = read_bytes(session, object, CKA_MODULUS);
      const auto exponent = read_bytes(session, object, CKA_PUBLIC_EXPONENT);
      return modulus && exponent && !exponent->empty() ? rsa_spki(*modulus, *exponent) : Bytes{};
    }
    case KeyType::ec_p256:
    case KeyType::ec_p384:
    case KeyType::ec_p521:
    case KeyType::ed25519: {
      const auto point = read_bytes(session, object, CKA_EC_POINT);
      return point && !point->empty() ? ec_spki(type, *point) : Bytes{};
    }
  }
  return {};
}

}  // namespace

namespace {

struct Rule {
  const char* name;
  std::optional<bool> value;
  bool wanted;
  bool may_be_untold;
};

std::optional<std::string> first_broken(std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    const bool kept = rule.value ? *rule.value == rule.wanted : rule.may_be_untold;
    if (!kept) {
      return std::string{rule.name} + " is " + said(rule.value) + " and must be " +
             (rule.wanted ? "true" : "false");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> weakness_of(const KeyAttributes& has) {
  return first_broken(std::to_array<Rule>({
      {"CKA_TOKEN", has.token, true, false},
      {"CKA_PRIVATE", has.private_, true, false},
      {"CKA_SENSITIVE", has.sensitive, true, false},
      {"CKA_EXTRACTABLE", has.extractable, false, false},
      {"CKA_ALWAYS_SENSITIVE", has.always_sensitive, true, true},
      {"CKA_NEVER_EXTRACTABLE", has.never_extractable, true, true},
      {"CKA_LOCAL", has.local, true, true},
      {"CKA_SIGN", has.sign, true, false},
  }));
}

std::optional<std::string> weakness_of_new(const KeyAttributes& has) {
  if (auto weakness = weakness_of(has)) {
    return weakness;
  }
  return first_broken(std::to_array<Rule>({
      {"CKA_DECRYPT", has.decrypt, false, true},
      {"CKA_UNWRAP", has.unwrap, false, true},
      {"CKA_DERIVE", has.derive, false, true},
  }));
}

std::optional<PrivateKey> find_private_key(const Session& session, const Uri& uri) {
  if (!uri.object && !uri.id) {
    throw Error{ErrorClass::bad_request, "the key's URI names no object", "add object= or id="};
  }
  if (uri.type && *uri.type != "private") {
    throw Error{ErrorClass::bad_request, "the key's URI is of type " + *uri.type, "use type=private"};
  }
  Template wanted;
  wanted.number(CKA_CLASS, CKO_PRIVATE_KEY);
  if (uri.object) {
    wanted.bytes(CKA_LABEL, view(*uri.object));
  }
  if (uri.id) {
    wanted.bytes(CKA_ID, *uri.id);
  }
  const auto found = find_objects(session, std::move(wanted));
  if (found.empty()) {
    return std::nullopt;
  }
  if (found.size() > 1) {
    throw Error{ErrorClass::key_refused, "C_FindObjects", CKR_OK, "several private keys fit " + uri.text(),
                "name one by object= and id="};
  }
  const auto type = read_type(session, found.front());
  if (!type) {
    throw Error{ErrorClass::key_refused, "C_GetAttributeValue", CKR_OK,
                "the key " + uri.text() + " is of a type or size that is not supported",
                "use RSA 2048 to 4096, P-256, P-384, P-521 or Ed25519"};
  }
  if (read_flag(session, found.front(), CKA_ALWAYS_AUTHENTICATE).value_or(false)) {
    throw Error{ErrorClass::key_refused, "C_GetAttributeValue", CKR_OK,
                "CKA_ALWAYS_AUTHENTICATE is true: the key wants the PIN at each signature",
                "generate it without that attribute"};
  }
  return PrivateKey{found.front(), *type};
}

Error key_missing(const Uri& uri) {
  return {ErrorClass::key_missing, "C_FindObjects", CKR_OK, "the token has no private key " + uri.text(),
          "restore the token's backup or correct the key's URI"};
}

PrivateKey require_private_key(const Session& session, const Uri& uri) {
  const auto key = find_private_key(session, uri);
  if (!key) {
    require_login(session);
    throw key_missing(uri);
  }
  return *key;
}

KeyAttributes read_attributes(const Session& session, const PrivateKey& key) {
  const auto flag = [&](CK_ATTRIBUTE_TYPE type) { return read_flag(session, key.handle, type); };
  return {.token = flag(CKA_TOKEN),
          .private_ = flag(CKA_PRIVATE),
          .sensitive = flag(CKA_SENSITIVE),
          .extractable = flag(CKA_EXTRACTABLE),
          .always_sensitive = flag(CKA_ALWAYS_SENSITIVE),
          .never_extractable = flag(CKA_NEVER_EXTRACTABLE),
          .local = flag(CKA_LOCAL),
          .sign = flag(CKA_SIGN),
          .decrypt = flag(CKA_DECRYPT),
          .unwrap = flag(CKA_UNWRAP),
          .derive = flag(CKA_DERIVE),
          .sign_recover = flag(CKA_SIGN_RECOVER),
          .always_authenticate = flag(CKA_ALWAYS_AUTHENTICATE),
          .modifiable = flag(CKA_MODIFIABLE),
          .copyable = flag(CKA_COPYABLE),
          .key_type = std::string{name_of(key.type)}};
}

Bytes sign_once(const Session& session, const PrivateKey& key, SignatureScheme scheme, ByteView message) {
  SigningInput input = signing_input(key.type, scheme, message);
  CK_MECHANISM mechanism{input.mechanism, nullptr, 0};
  if (const CK_RV rv = session.functions->C_SignInit(session.handle, &mechanism, key.handle); rv != CKR_OK) {
    throw Error{classify("C_SignInit", rv), "C_SignInit", rv, mechanism_name(input.mechanism),
                hint_for("C_SignInit", rv)};
  }
  std::array<std::uint8_t, kMaxSignatureBytes> output{};
  CK_ULONG size = output.size();
  check(session.functions->C_Sign(session.handle, input.data.data(), input.data.size(), output.data(), &size),
        "C_Sign");
  if (size > output.size()) {
    throw Error{ErrorClass::reconnect, "C_Sign", CKR_OK, "a signature longer than the buffer"};
  }
  return signature_from_token(key.type, ByteView{output.data(), size});
}

Bytes read_public_key(const Session& session, const PrivateKey& key) {
  const auto id = read_bytes(session, key.handle, CKA_ID);
  if (id && !id->empty()) {
    Template wanted;
    wanted.number(CKA_CLASS, CKO_PUBLIC_KEY).bytes(CKA_ID, *id);
    const auto found = find_objects(session, std::move(wanted));
    if (found.size() == 1 && read_type(session, found.front()) == key.type) {
      if (Bytes spki = spki_of(session, found.front(), key.type); !spki.empty()) {
        return spki;
      }
    }
  }
  if (Bytes spki = spki_of(session, key.handle, key.type); !spki.empty()) {
    return spki;
  }
  throw Error{ErrorClass::key_missing, "C_FindObjects", CKR_OK,
              "the token shows no public key for this private key",
              "keep the public key object beside the private one"};
}

void audit_key(const Session& session, const PrivateKey& key, const Uri& uri, ByteView expected_spki) {
  if (const auto weakness = weakness_of(read_attributes(session, key))) {
    throw Error{ErrorClass::key_refused, "C_GetAttributeValue", CKR_OK, *weakness + " on " + uri.text(),
                "generate the key on the token: chancery hsm generate-key"};
  }
  // Begins with a letter: no DER of anything.
  constexpr std::string_view kText = "chancery key audit, not a certificate: ";
  std::array<std::uint8_t, kText.size() + 32> message{};
  std::ranges::copy(view(kText), message.begin());
  RAND_bytes(message.data() + kText.size(), 32);
  const SignatureScheme scheme = natural_scheme(key.type);
  if (!verifies(expected_spki, scheme, message, sign_once(session, key, scheme, message))) {
    throw Error{ErrorClass::key_refused, "C_Sign", CKR_OK,
                "the trial signature of " + uri.text() + " does not verify under the expected public key",
                "the token holds another key under this name, or is damaged: compare the public keys"};
  }
}

}  // namespace pkcs11
