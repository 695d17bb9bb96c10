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

// A session in which somebody may be logged in; both end with it.
class Login {
 public:
  Login(Functions* functions, CK_SLOT_ID slot) : functions_{functions} {
    check(functions_->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_),
          "C_OpenSession");
  }
  ~Login() {
    functions_->C_Logout(session_);
    functions_->C_CloseSession(session_);
  }
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

  // One attempt. False: it is another PIN.
  [[nodiscard]] bool accepts(CK_USER_TYPE who, const Pin& pin) {
    const CK_RV answer = functions_->C_Login(session_, who, text_of(pin), pin.size());
    if (answer == CKR_PIN_INCORRECT) {
      return false;
    }
    check(answer, "C_Login");
    return true;
  }
  // Of who is logged in.
  void set(const Pin& now, const Pin& wanted) {
    check(functions_->C_SetPIN(session_, text_of(now), now.size(), text_of(wanted), wanted.size()),
          "C_SetPIN");
  }

 private:
  Functions* functions_;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};

// False: `now` is not the PIN.
bool change_pin(Functions* functions, CK_SLOT_ID slot, CK_USER_TYPE who, const Pin& now, const Pin& wanted) {
  Login login{functions, slot};
  if (!login.accepts(who, now)) {
    return false;
  }
  login.set(now, wanted);
  return true;
}

[[noreturn]] void refuse_pin(const char* whose) {
  throw Error{
      ErrorClass::wrong_pin,
      std::string{"CKR_PIN_INCORRECT: the token takes neither the old nor the new PIN of the "} + whose,
      "nothing more was tried; find out who changed the token's PINs"};
}

}  // namespace

void change_pins(const std::string& module_path, const Uri& token, const TokenPins& now,
                 const TokenPins& wanted, bool begun) {
  const auto use =
      ModuleSet{}.module(module_path)->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
  Functions* functions = use.functions();
  const Slot found = select_slot(functions, token);
  refuse_unusable(found);
  const CK_SLOT_ID slot = found.slot_id;
  check_length(functions, slot, wanted.user);
  check_length(functions, slot, wanted.officer);
  // The user's comes first: while it is the old one, so is the officer's.
  const bool user_is_set = begun && Login{functions, slot}.accepts(CKU_USER, wanted.user);
  if (!user_is_set && !change_pin(functions, slot, CKU_USER, now.user, wanted.user)) {
    refuse_pin("user");
  }
  if (change_pin(functions, slot, CKU_SO, now.officer, wanted.officer)) {
    return;
  }
  if (!user_is_set || !Login{functions, slot}.accepts(CKU_SO, wanted.officer)) {
    refuse_pin("security officer");
  }
}

bool takes_user_pin(const std::string& module_path, const Uri& token, const Pin& pin) {
  const auto use =
      ModuleSet{}.module(module_path)->enter_loaded(std::chrono::steady_clock::now() + kLoadLimit);
  const Slot found = select_slot(use.functions(), token);
  refuse_unusable(found);
  return Login{use.functions(), found.slot_id}.accepts(CKU_USER, pin);
}

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
