#include "pkcs11/doctor.hpp"

#include <algorithm>
#include <array>

#include "pkcs11/connection.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/public_key.hpp"
#include "pkcs11/steps.hpp"

namespace pkcs11 {
namespace {

constexpr std::chrono::seconds kLoadLimit{30};

class Examination {
 public:
  explicit Examination(const TokenOptions& options) : options_{options} {}

  std::string load() {
    if (!options_.uri.module_path) {
      throw Error{ErrorClass::fatal_config, "no module is named", "name the PKCS#11 library of the HSM"};
    }
    use_ = ModuleSet{}
               .module(*options_.uri.module_path)
               ->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
    CK_INFO about{};
    check(use_->functions()->C_GetInfo(&about), "C_GetInfo");
    return *options_.uri.module_path + ", Cryptoki " + std::to_string(about.cryptokiVersion.major) + "." +
           std::to_string(about.cryptokiVersion.minor);
  }

  std::string slots() {
    const auto slots = read_slots(use_->functions());
    std::string text = std::to_string(slots.size()) + " with a token";
    for (const Slot& slot : slots) {
      text += (&slot == slots.data() ? ": '" : ", '") + slot.label + "'";
    }
    if (slots.empty()) {
      throw Error{ErrorClass::reconnect, "C_GetSlotList", CKR_TOKEN_NOT_PRESENT, "no slot has a token",
                  hint_for("C_GetSlotList", CKR_TOKEN_NOT_PRESENT)};
    }
    return text;
  }

  std::string token() {
    const Slot slot = select_slot(use_->functions(), options_.uri);
    refuse_unusable(slot);
    return "'" + slot.label + "', serial " + slot.serial + ", slot " + std::to_string(slot.slot_id) +
           (slot.user_pin_count_low ? "; a wrong PIN was tried since the last login" : "");
  }

  std::string pin() {
    static_cast<void>(options_.pin.read());
    return options_.pin.text();
  }

  std::string login() {
    PinGuard guard;
    Counters counters;
    connection_ = connect_token(*use_, options_, guard, counters);
    return "accepted";
  }

  std::string mechanisms() {
    std::string text;
    for (const auto& about : read_mechanisms(use_->functions(), connection_->slot.slot_id)) {
      constexpr std::array<CK_MECHANISM_TYPE, 3> kUsed{CKM_RSA_PKCS, CKM_ECDSA, CKM_EDDSA};
      if (std::ranges::find(kUsed, about.mechanism) != kUsed.end() && about.sign) {
        text += (text.empty() ? "" : ", ") + about.name;
      }
    }
    if (text.empty()) {
      throw Error{ErrorClass::fatal_config, "C_GetMechanismList", CKR_MECHANISM_INVALID,
                  "the token signs with none of RSA PKCS#1, ECDSA, EdDSA", "use another token"};
    }
    return text;
  }

  std::string attributes(const Uri& uri) {
    key_ = require_private_key(session(), uri);
    const KeyAttributes has = read_attributes(session(), *key_);
    if (const auto weakness = weakness_of(has)) {
      throw Error{ErrorClass::key_refused, "C_GetAttributeValue", CKR_OK, *weakness,
                  "generate the key on the token: chancery hsm generate-key"};
    }
    std::string text = has.key_type + ", strict";
    const auto note = [&text](const std::optional<bool>& value, const char* attribute) {
      if (value.value_or(false)) {
        text += std::string{"; more than needed: "} + attribute;
      }
    };
    note(has.decrypt, "CKA_DECRYPT");
    note(has.unwrap, "CKA_UNWRAP");
    note(has.derive, "CKA_DERIVE");
    note(has.sign_recover, "CKA_SIGN_RECOVER");
    return text;
  }

  std::string trial(const Uri& uri) {
    audit_key(session(), *key_, uri, read_public_key(session(), *key_));
    return "made and verified";
  }

  void finish() {
    if (connection_) {
      use_->functions()->C_Logout(connection_->anchor);
      use_->functions()->C_CloseSession(connection_->anchor);
    }
  }

 private:
  [[nodiscard]] Session session() const { return {use_->functions(), connection_->anchor}; }

  const TokenOptions& options_;
  std::optional<Module::Use> use_;
  std::optional<Connection> connection_;
  std::optional<PrivateKey> key_;
};

}  // namespace

std::vector<DoctorStep> diagnose(const TokenOptions& options, const std::optional<Uri>& key) {
  Examination examined{options};
  Steps steps;
  const bool connected = steps.step("module", [&] { return examined.load(); }) &&
                         steps.step("slots", [&] { return examined.slots(); }) &&
                         steps.step("token", [&] { return examined.token(); }) &&
                         steps.step("PIN source", [&] { return examined.pin(); }) &&
                         steps.step("login", [&] { return examined.login(); }) &&
                         steps.step("mechanisms", [&] { return examined.mechanisms(); });
  if (connected && key) {
    static_cast<void>(steps.step("key attributes", [&] { return examined.attributes(*key); }) &&
                      steps.step("trial signature", [&] { return examined.trial(*key); }));
  }
  examined.finish();
  return steps.take();
}

}  // namespace pkcs11
