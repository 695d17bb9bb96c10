#include "pkcs11/proof.hpp"

#include <algorithm>
#include <array>
#include <openssl/crypto.h>
#include <string_view>
#include <thread>

#include "pkcs11/connection.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/object.hpp"
#include "pkcs11/public_key.hpp"
#include "pkcs11/steps.hpp"

namespace pkcs11 {
namespace {

constexpr std::chrono::seconds kLoadLimit{30};
constexpr std::chrono::seconds kBusyLimit{20};  // of one step
constexpr std::chrono::milliseconds kBusyPause{20};
constexpr std::size_t kMaxSecretBytes = 8192;  // no private key, wrapped or not, has as many
constexpr const char* kMakeAnother =
    "never use this key for an authority: make another with chancery hsm generate-key";

struct SecretPart {
  CK_ATTRIBUTE_TYPE type;
  const char* name;
};

constexpr std::array kSecretParts = std::to_array<SecretPart>({
    {CKA_VALUE, "CKA_VALUE"},
    {CKA_PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT"},
    {CKA_PRIME_1, "CKA_PRIME_1"},
    {CKA_PRIME_2, "CKA_PRIME_2"},
    {CKA_EXPONENT_1, "CKA_EXPONENT_1"},
    {CKA_EXPONENT_2, "CKA_EXPONENT_2"},
    {CKA_COEFFICIENT, "CKA_COEFFICIENT"},
});

// What takes a private key of any length under a secret one.
constexpr CK_MECHANISM_TYPE kAesKeyWrap = 0x2109;
constexpr CK_MECHANISM_TYPE kAesKeyWrapPad = 0x210A;
constexpr CK_MECHANISM_TYPE kAesKeyWrapKwp = 0x210B;
constexpr std::array kWraps = std::to_array<CK_MECHANISM_TYPE>({kAesKeyWrapPad, kAesKeyWrapKwp, kAesKeyWrap});

// A buffer that may come to hold a private key.
struct Secret {
  std::array<std::uint8_t, kMaxSecretBytes> bytes{};
  Secret() = default;
  ~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
};

bool is_one_of(CK_RV rv, std::initializer_list<CK_RV> refusals) {
  return std::ranges::find(refusals, rv) != refusals.end();
}

[[noreturn]] void not_shown(const char* call, CK_RV rv, const std::string& what) {
  if (classify(call, rv) == ErrorClass::busy) {
    throw Error{ErrorClass::busy, call, rv, "the token is busy",
                "prove the key again when it has less to do"};
  }
  throw Error{ErrorClass::bad_request, call, rv,
              what + " was not refused for the key's sake, so nothing is proven",
              "see the module's own log, then prove the key again"};
}

// A busy token is asked again: its "not now" is no answer about the key.
template <typename Step>
std::string patiently(Step step) {
  const auto end = std::chrono::steady_clock::now() + kBusyLimit;
  while (true) {
    try {
      return step();
    } catch (const Error& error) {
      if (error.error_class() != ErrorClass::busy || std::chrono::steady_clock::now() >= end) {
        throw;
      }
    }
    std::this_thread::sleep_for(kBusyPause);
  }
}

[[noreturn]] void weak(const char* call, const std::string& what) {
  throw Error{ErrorClass::key_refused, call, CKR_OK, what, kMakeAnother};
}

struct TrialSession {
  TrialSession(Functions* of, CK_SLOT_ID slot) : functions{of} {
    const CK_RV rv =
        functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &handle);
    check(rv, "C_OpenSession");
  }
  ~TrialSession() { functions->C_CloseSession(handle); }
  TrialSession(const TrialSession&) = delete;
  TrialSession& operator=(const TrialSession&) = delete;

  Functions* functions;
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
};

class Proof {
 public:
  explicit Proof(const TokenOptions& options) : options_{options} {}
  ~Proof() {
    if (connection_) {
      functions()->C_Logout(connection_->anchor);
      functions()->C_CloseSession(connection_->anchor);
    }
  }
  Proof(const Proof&) = delete;
  Proof& operator=(const Proof&) = delete;

  std::string login() {
    use_ = ModuleSet{}
               .module(options_.uri.module_path.value_or(""))
               ->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
    PinGuard guard;
    Counters counters;
    connection_ = connect_token(*use_, options_, guard, counters);
    const Slot& slot = connection_->slot;
    return "token '" + slot.label + "', serial " + slot.serial + ", " + slot.manufacturer + " " + slot.model;
  }

  std::string key(const Uri& uri) {
    key_ = require_private_key(session(), uri);
    return std::string{name_of(key_->type)} + " " + uri.text();
  }

  std::string attributes() {
    if (const auto weakness = weakness_of(read_attributes(session(), *key_))) {
      weak("C_GetAttributeValue", *weakness);
    }
    return "private, sensitive, not extractable, and never was otherwise";
  }

  // PKCS#11 2.40, 5.7: a sensitive attribute is CKR_ATTRIBUTE_SENSITIVE, one that no such key has
  // CKR_ATTRIBUTE_TYPE_INVALID.
  std::string read() {
    std::string refused;
    for (const SecretPart& part : kSecretParts) {
      Secret value;
      CK_ATTRIBUTE attribute{part.type, value.bytes.data(), value.bytes.size()};
      const CK_RV rv = functions()->C_GetAttributeValue(connection_->anchor, key_->handle, &attribute, 1);
      if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
        continue;
      }
      const bool told = attribute.ulValueLen != CK_UNAVAILABLE_INFORMATION && attribute.ulValueLen > 0;
      if (rv == CKR_OK && told) {
        weak("C_GetAttributeValue", std::string{"the token gave out "} + part.name);
      }
      if (rv != CKR_ATTRIBUTE_SENSITIVE && rv != CKR_OK) {
        not_shown("C_GetAttributeValue", rv, std::string{"reading "} + part.name);
      }
      refused += (refused.empty() ? "" : ", ") + std::string{part.name};
    }
    return refused.empty() ? "the token has no attribute with secret parts of this key"
                           : "refused (CKR_ATTRIBUTE_SENSITIVE): " + refused;
  }

  // The refusal is worth something only from a mechanism and a wrapping key that do wrap another key.
  std::string wrap() {
    const auto offered = wrapping_mechanisms();
    if (offered.empty()) {
      return "the token has no AES key wrapping";
    }
    const CK_OBJECT_HANDLE wrapping = session_key(false, "wrapping");
    const CK_OBJECT_HANDLE other = session_key(true, "another");
    std::string shown;
    for (const CK_MECHANISM_TYPE mechanism : offered) {
      if (wrapped(mechanism, wrapping, other) != CKR_OK) {
        continue;
      }
      const CK_RV rv = wrapped(mechanism, wrapping, key_->handle);
      if (rv == CKR_OK) {
        weak("C_WrapKey", "the token wrapped the key for export with " + name(mechanism));
      }
      if (!is_one_of(rv, {CKR_KEY_UNEXTRACTABLE, CKR_KEY_NOT_WRAPPABLE, CKR_ACTION_PROHIBITED})) {
        not_shown("C_WrapKey", rv, "wrapping with " + name(mechanism));
      }
      shown += (shown.empty() ? "" : ", ") + name(mechanism) + " " + return_value_text(rv);
    }
    functions()->C_DestroyObject(connection_->anchor, wrapping);
    functions()->C_DestroyObject(connection_->anchor, other);
    return shown.empty() ? "the token wraps no key, not even an extractable one"
                         : "refused, though it wraps an extractable key: " + shown;
  }

  // PKCS#11 2.40, 5.7: a copy may only be stricter.
  std::string copy() {
    Template weaker;
    weaker.flag(CKA_TOKEN, false).flag(CKA_EXTRACTABLE, true).flag(CKA_SENSITIVE, false);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    const CK_RV rv = functions()->C_CopyObject(connection_->anchor, key_->handle, weaker.attributes(),
                                               weaker.size(), &made);
    const ErrorClass answer = classify("C_CopyObject", rv);
    if (rv != CKR_OK && answer != ErrorClass::bad_request && answer != ErrorClass::fatal_config) {
      not_shown("C_CopyObject", rv, "an extractable copy");
    }
    if (rv != CKR_OK) {
      return "an extractable copy is refused: " + return_value_text(rv);
    }
    const bool extractable = read_flag(session(), made, CKA_EXTRACTABLE).value_or(true);
    functions()->C_DestroyObject(connection_->anchor, made);
    if (extractable) {
      weak("C_CopyObject", "the token made an extractable copy (destroyed again)");
    }
    return "a copy stays not extractable";
  }

  // In a session of its own: a module that fails inside C_Sign may leave its session in that operation, and
  // a busy token is asked again.
  std::string sign(const Uri& uri) {
    const TrialSession trial{functions(), connection_->slot.slot_id};
    const Session own{functions(), trial.handle, connection_->tells_login};
    constexpr std::string_view kText = "chancery hsm prove: not a certificate";
    const ByteView message{reinterpret_cast<const std::uint8_t*>(kText.data()), kText.size()};
    const SignatureScheme scheme = natural_scheme(key_->type);
    const Bytes spki = read_public_key(own, *key_);
    if (!verifies(spki, scheme, message, sign_once(own, *key_, scheme, message))) {
      throw Error{ErrorClass::key_refused, "C_Sign", CKR_OK,
                  "the signature does not verify under the token's public key of " + uri.text(),
                  "the halves of the pair do not fit, or the token is damaged"};
    }
    return std::string{name_of(scheme)} + ", verified under the token's public key";
  }

 private:
  [[nodiscard]] Functions* functions() const { return use_->functions(); }
  [[nodiscard]] Session session() const {
    return {functions(), connection_->anchor, connection_->tells_login};
  }

  static std::string name(CK_MECHANISM_TYPE mechanism) {
    switch (mechanism) {
      case kAesKeyWrapPad:
        return "CKM_AES_KEY_WRAP_PAD";
      case kAesKeyWrapKwp:
        return "CKM_AES_KEY_WRAP_KWP";
      default:
        return "CKM_AES_KEY_WRAP";
    }
  }

  [[nodiscard]] std::vector<CK_MECHANISM_TYPE> wrapping_mechanisms() const {
    std::vector<CK_MECHANISM_TYPE> offered;
    for (const CK_MECHANISM_TYPE mechanism : kWraps) {
      CK_MECHANISM_INFO about{};
      if (functions()->C_GetMechanismInfo(connection_->slot.slot_id, mechanism, &about) == CKR_OK &&
          (about.flags & CKF_WRAP) != 0) {
        offered.push_back(mechanism);
      }
    }
    return offered;
  }

  [[nodiscard]] CK_OBJECT_HANDLE session_key(bool extractable, const char* what) const {
    Template wanted;
    wanted.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).number(CKA_VALUE_LEN, 32);
    wanted.flag(CKA_TOKEN, false).flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true);
    wanted.flag(CKA_EXTRACTABLE, extractable).flag(CKA_WRAP, !extractable).flag(CKA_ENCRYPT, extractable);
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    const CK_RV rv = functions()->C_GenerateKey(connection_->anchor, &mechanism, wanted.attributes(),
                                                wanted.size(), &made);
    if (rv != CKR_OK) {
      not_shown("C_GenerateKey", rv, std::string{"making "} + what + " session key for the trial");
    }
    return made;
  }

  [[nodiscard]] CK_RV wrapped(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key) const {
    CK_MECHANISM mechanism{type, nullptr, 0};
    Secret value;
    CK_ULONG size = value.bytes.size();
    return functions()->C_WrapKey(connection_->anchor, &mechanism, wrapping, key, value.bytes.data(), &size);
  }

  const TokenOptions& options_;
  std::optional<Module::Use> use_;
  std::optional<Connection> connection_;
  std::optional<PrivateKey> key_;
};

}  // namespace

std::vector<DoctorStep> prove_key(const TokenOptions& options, const Uri& key) {
  Steps steps;
  Proof proof{options};
  if (steps.step("login", [&] { return proof.login(); }) &&
      steps.step("key", [&] { return patiently([&] { return proof.key(key); }); })) {
    const auto step = [&](const char* name, auto ask) {
      static_cast<void>(steps.step(name, [&] { return patiently(ask); }));
    };
    step("attributes", [&] { return proof.attributes(); });
    step("read", [&] { return proof.read(); });
    step("wrap", [&] { return proof.wrap(); });
    step("copy", [&] { return proof.copy(); });
    step("sign", [&] { return proof.sign(key); });
  }
  return steps.take();
}

}  // namespace pkcs11
