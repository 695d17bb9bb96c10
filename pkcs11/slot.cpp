#include "pkcs11/slot.hpp"

#include <algorithm>
#include <optional>

#include "pkcs11/error.hpp"
#include "pkcs11/mechanism.hpp"
#include "pkcs11/module.hpp"
#include "pkcs11/slot_reading.hpp"

namespace pkcs11 {
namespace {

constexpr std::chrono::seconds kLoadLimit{30};
constexpr CK_ULONG kMaxSlots = 4096;
constexpr CK_ULONG kMaxMechanisms = 4096;

// Fields of CK_TOKEN_INFO are padded with blanks and not terminated.
template <std::size_t Size>
std::string unpadded(const unsigned char (&field)[Size]) {
  std::string text{reinterpret_cast<const char*>(field), Size};
  text.erase(text.find_last_not_of(std::string_view{" \0", 2}) + 1);
  return text;
}

// 0 and ~0 both mean "no number" (CK_EFFECTIVELY_INFINITE, CK_UNAVAILABLE_INFORMATION).
unsigned long session_limit(const CK_TOKEN_INFO& token) {
  unsigned long limit = 0;
  for (const unsigned long given : {token.ulMaxSessionCount, token.ulMaxRwSessionCount}) {
    if (given != 0 && given != CK_UNAVAILABLE_INFORMATION) {
      limit = limit == 0 ? given : std::min(limit, given);
    }
  }
  return limit;
}

// Lists can grow between the two calls; the second then says so.
template <typename Item, typename Ask>
std::vector<Item> listed(const char* call, CK_ULONG most, Ask ask) {
  for (int round = 0; round < 3; ++round) {
    CK_ULONG count = 0;
    check(ask(nullptr, &count), call);
    std::vector<Item> items(std::min(count, most));
    count = items.size();
    const CK_RV rv = ask(items.data(), &count);
    if (rv == CKR_BUFFER_TOO_SMALL) {
      continue;
    }
    check(rv, call);
    items.resize(std::min<std::size_t>(count, items.size()));
    return items;
  }
  throw Error{ErrorClass::busy, call, CKR_BUFFER_TOO_SMALL, "the list keeps growing"};
}

}  // namespace

Slot read_slot(Functions* functions, CK_SLOT_ID slot) {
  CK_TOKEN_INFO token{};
  check(functions->C_GetTokenInfo(slot, &token), "C_GetTokenInfo");
  const auto has = [&token](CK_FLAGS flag) { return (token.flags & flag) != 0; };
  Slot result;
  result.slot_id = slot;
  CK_SLOT_INFO about{};
  if (functions->C_GetSlotInfo(slot, &about) == CKR_OK) {
    result.description = unpadded(about.slotDescription);
  }
  result.label = unpadded(token.label);
  result.serial = unpadded(token.serialNumber);
  result.manufacturer = unpadded(token.manufacturerID);
  result.model = unpadded(token.model);
  result.initialized = has(CKF_TOKEN_INITIALIZED);
  result.login_required = has(CKF_LOGIN_REQUIRED);
  result.write_protected = has(CKF_WRITE_PROTECTED);
  result.user_pin_set = has(CKF_USER_PIN_INITIALIZED);
  result.user_pin_count_low = has(CKF_USER_PIN_COUNT_LOW);
  result.user_pin_final_try = has(CKF_USER_PIN_FINAL_TRY);
  result.user_pin_locked = has(CKF_USER_PIN_LOCKED);
  result.user_pin_to_be_changed = has(CKF_USER_PIN_TO_BE_CHANGED);
  result.max_sessions = session_limit(token);
  return result;
}

std::vector<Slot> read_slots(Functions* functions) {
  const auto ids = listed<CK_SLOT_ID>("C_GetSlotList", kMaxSlots, [&](CK_SLOT_ID* out, CK_ULONG* count) {
    return functions->C_GetSlotList(CK_TRUE, out, count);
  });
  std::vector<Slot> slots;
  std::optional<Error> last;
  for (const CK_SLOT_ID id : ids) {
    try {
      slots.push_back(read_slot(functions, id));
    } catch (const Error& error) {
      last = error;
    }
  }
  if (slots.empty() && last) {
    throw Error{*last};
  }
  return slots;
}

bool matches(const Uri& uri, const Slot& slot) {
  const auto fits = [](const std::optional<std::string>& wanted, const std::string& has) {
    return !wanted || *wanted == has;
  };
  return fits(uri.token, slot.label) && fits(uri.serial, slot.serial) &&
         fits(uri.manufacturer, slot.manufacturer) && fits(uri.model, slot.model) &&
         (!uri.slot_id || *uri.slot_id == slot.slot_id);
}

Slot select_slot(Functions* functions, const Uri& uri) {
  if (!uri.names_token()) {
    throw Error{ErrorClass::fatal_config, "the URI names no token",
                "name it by label or serial, for example pkcs11:token=issuing"};
  }
  auto slots = read_slots(functions);
  std::erase_if(slots, [&uri](const Slot& slot) { return !matches(uri, slot); });
  if (slots.empty()) {
    throw Error{ErrorClass::reconnect, "C_GetSlotList", CKR_TOKEN_NOT_PRESENT,
                "no token of the module fits " + uri.text(),
                hint_for("C_GetSlotList", CKR_TOKEN_NOT_PRESENT)};
  }
  if (slots.size() > 1) {
    throw Error{ErrorClass::fatal_config, std::to_string(slots.size()) + " tokens fit " + uri.text(),
                "add serial= to the URI: chancery hsm list-slots shows it"};
  }
  return slots.front();
}

void refuse_unusable(const Slot& slot) {
  const std::string name = "token '" + slot.label + "' ";
  if (!slot.initialized) {
    throw Error{ErrorClass::fatal_config, name + "is not initialised",
                "initialise it with the vendor's tool"};
  }
  if (!slot.user_pin_set) {
    throw Error{ErrorClass::wrong_pin, name + "has no user PIN",
                hint_for("C_Login", CKR_USER_PIN_NOT_INITIALIZED)};
  }
  if (slot.user_pin_locked) {
    throw Error{ErrorClass::wrong_pin, name + "has a locked user PIN",
                "have the security officer unlock it; the login follows by itself"};
  }
  if (slot.user_pin_final_try) {
    throw Error{
        ErrorClass::wrong_pin, name + "would lock its user PIN at one more wrong login",
        "log in once by hand with the right PIN, which resets the counter; the login follows by itself"};
  }
}

std::vector<Mechanism> read_mechanisms(Functions* functions, CK_SLOT_ID slot) {
  const auto types = listed<CK_MECHANISM_TYPE>("C_GetMechanismList", kMaxMechanisms,
                                               [&](CK_MECHANISM_TYPE* out, CK_ULONG* count) {
                                                 return functions->C_GetMechanismList(slot, out, count);
                                               });
  std::vector<Mechanism> result;
  for (const CK_MECHANISM_TYPE type : types) {
    CK_MECHANISM_INFO about{};
    check(functions->C_GetMechanismInfo(slot, type, &about), "C_GetMechanismInfo");
    const auto has = [&about](CK_FLAGS flag) { return (about.flags & flag) != 0; };
    result.push_back({.mechanism = type,
                      .name = mechanism_name(type),
                      .min_key_size = about.ulMinKeySize,
                      .max_key_size = about.ulMaxKeySize,
                      .hardware = has(CKF_HW),
                      .sign = has(CKF_SIGN),
                      .verify = has(CKF_VERIFY),
                      .generate_key_pair = has(CKF_GENERATE_KEY_PAIR)});
  }
  return result;
}

std::vector<Slot> list_slots(const std::string& module_path) {
  const auto use =
      ModuleSet{}.module(module_path)->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
  return read_slots(use.functions());
}

std::vector<Mechanism> mechanisms(const std::string& module_path, unsigned long slot_id) {
  const auto use =
      ModuleSet{}.module(module_path)->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
  return read_mechanisms(use.functions(), slot_id);
}

}  // namespace pkcs11
