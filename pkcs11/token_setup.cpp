#include "pkcs11/token_setup.hpp"

#include <algorithm>
#include <array>

#include "pkcs11/error.hpp"
#include "pkcs11/module.hpp"
#include "pkcs11/slot_reading.hpp"

namespace pkcs11 {
namespace {

constexpr std::chrono::seconds kLoadLimit{30};
constexpr std::size_t kLabelBytes = 32;  // CK_TOKEN_INFO

Slot fresh_slot(Functions* functions, const NewToken& wanted) {
  auto slots = read_slots(functions);
  if (std::ranges::any_of(slots,
                          [&](const Slot& slot) { return slot.initialized && slot.label == wanted.label; })) {
    throw Error{
        ErrorClass::fatal_config, "a token '" + wanted.label + "' is there already",
        "choose another label, or reset that token with the vendor's tool if nothing on it is needed"};
  }
  std::erase_if(slots, [&](const Slot& slot) { return slot.initialized || !matches(wanted.place, slot); });
  if (slots.size() != 1) {
    throw Error{ErrorClass::fatal_config,
                (slots.empty() ? "no token" : std::to_string(slots.size()) + " tokens") +
                    std::string{" without initialisation in this module"},
                slots.empty() ? "reset the token with the vendor's tool, if nothing on it is needed"
                              : "say which one by its slot-id or serial: chancery hsm list-slots"};
  }
  return slots.front();
}

// Vendors give 0 or ~0 where there is no limit.
void check_length(Functions* functions, CK_SLOT_ID slot, const Pin& pin) {
  CK_TOKEN_INFO token{};
  check(functions->C_GetTokenInfo(slot, &token), "C_GetTokenInfo");
  const bool limited = token.ulMaxPinLen != 0 && token.ulMaxPinLen != CK_UNAVAILABLE_INFORMATION;
  if (pin.size() < token.ulMinPinLen || (limited && pin.size() > token.ulMaxPinLen)) {
    throw Error{ErrorClass::fatal_config,
                "the token takes PINs of " + std::to_string(token.ulMinPinLen) + " to " +
                    std::to_string(token.ulMaxPinLen) + " characters, not " + std::to_string(pin.size()),
                "initialise it with the vendor's tool"};
  }
}

// Cryptoki reads PINs only; its prototypes are older than const.
CK_UTF8CHAR* text_of(const Pin& pin) { return const_cast<CK_UTF8CHAR*>(pin.data()); }

void set_user_pin(Functions* functions, CK_SLOT_ID slot, const Pin& so_pin, const Pin& user_pin) {
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  check(functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
        "C_OpenSession");
  const CK_RV login = functions->C_Login(session, CKU_SO, text_of(so_pin), so_pin.size());
  const CK_RV set =
      login == CKR_OK ? functions->C_InitPIN(session, text_of(user_pin), user_pin.size()) : login;
  functions->C_Logout(session);
  functions->C_CloseSession(session);
  check(login, "C_Login");
  check(set, "C_InitPIN");
}

}  // namespace

Slot initialise_token(const std::string& module_path, const NewToken& wanted, const Pin& so_pin,
                      const Pin& user_pin) {
  if (wanted.label.empty() || wanted.label.size() > kLabelBytes) {
    throw Error{ErrorClass::bad_request, "a token's label has 1 to 32 characters", "choose another"};
  }
  const auto use =
      ModuleSet{}.module(module_path)->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
  Functions* functions = use.functions();
  const Slot slot = fresh_slot(functions, wanted);
  check_length(functions, slot.slot_id, so_pin);
  check_length(functions, slot.slot_id, user_pin);
  std::array<CK_UTF8CHAR, kLabelBytes> label{};
  label.fill(' ');
  std::ranges::copy(wanted.label, label.begin());
  check(functions->C_InitToken(slot.slot_id, text_of(so_pin), so_pin.size(), label.data()), "C_InitToken");
  Uri made;
  made.token = wanted.label;
  set_user_pin(functions, select_slot(functions, made).slot_id, so_pin, user_pin);
  return select_slot(functions, made);
}

}  // namespace pkcs11
