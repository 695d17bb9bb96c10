#include "pkcs11/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pkcs11/object.hpp"

namespace pkcs11 {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstPause{1};
constexpr seconds kLongPause{60};

constexpr std::array kRefused = std::to_array<CK_RV>({
    CKR_PIN_INCORRECT,
    CKR_PIN_INVALID,
    CKR_PIN_LEN_RANGE,
    CKR_PIN_EXPIRED,
    CKR_PIN_LOCKED,
    CKR_USER_PIN_NOT_INITIALIZED,
});

constexpr std::array kNotJudged = std::to_array<CK_RV>({
    CKR_CANCEL,
    CKR_FUNCTION_CANCELED,
    CKR_FUNCTION_NOT_SUPPORTED,
    CKR_HOST_MEMORY,
    CKR_DEVICE_ERROR,
    CKR_DEVICE_MEMORY,
    CKR_DEVICE_REMOVED,
    CKR_TOKEN_NOT_PRESENT,
    CKR_TOKEN_NOT_RECOGNIZED,
    CKR_SLOT_ID_INVALID,
    CKR_SESSION_CLOSED,
    CKR_SESSION_HANDLE_INVALID,
    CKR_SESSION_READ_ONLY_EXISTS,
    CKR_OPERATION_ACTIVE,
    CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
    CKR_USER_TYPE_INVALID,
    CKR_USER_TOO_MANY_TYPES,
    CKR_CRYPTOKI_NOT_INITIALIZED,
});

bool is_in(const auto& list, CK_RV rv) { return std::ranges::find(list, rv) != list.end(); }

// The token counts wrong PINs in its flags: that they got worse by this login says what its answer does not.
LoginAnswer with_flags(LoginAnswer answer, Functions* functions, const Slot& before) {
  if (answer == LoginAnswer::refused) {
    return answer;
  }
  try {
    const Slot after = read_slot(functions, before.slot_id);
    const bool counted = (after.user_pin_count_low && !before.user_pin_count_low) ||
                         after.user_pin_final_try || after.user_pin_locked;
    return counted ? LoginAnswer::refused : answer;
  } catch (const Error&) {
    return LoginAnswer::not_judged;  // the whole token is away
  }
}

Error login_failure(CK_RV rv, LoginAnswer answer, const Slot& slot) {
  const ErrorClass error_class =
      answer == LoginAnswer::refused ? ErrorClass::wrong_pin : classify("C_Login", rv);
  const std::string hint = hint_for(
      "C_Login", answer == LoginAnswer::refused && !is_in(kRefused, rv) ? CK_RV{CKR_PIN_INCORRECT} : rv);
  return {error_class, "C_Login", rv, "token '" + slot.label + "'", hint};
}

}  // namespace

LoginAnswer judge_login(CK_RV rv) {
  if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
    return LoginAnswer::accepted;
  }
  return is_in(kRefused, rv)     ? LoginAnswer::refused
         : is_in(kNotJudged, rv) ? LoginAnswer::not_judged
                                 : LoginAnswer::ambiguous;
}

Pin PinGuard::read(const PinSource& source, Time now) const {
  Pin pin = source.read();
  if (pin_ && pin_->same_as(pin)) {
    if (refusal_) {
      throw Error{*refusal_};
    }
    if (now < not_before_) {
      throw Error{ErrorClass::busy, doubt_->call(), doubt_->rv(),
                  "may mean a wrong PIN, so the next login waits up to a minute", doubt_->hint()};
    }
  }
  return pin;
}

void PinGuard::answered(Pin pin, LoginAnswer answer, const std::optional<Error>& why, Time now) {
  if (!pin_ || !pin_->same_as(pin)) {
    *this = PinGuard{};
    pin_ = std::move(pin);
  }
  switch (answer) {
    case LoginAnswer::accepted:
      accepted_once_ = true;
      refusal_.reset();
      doubts_ = 0;
      break;
    case LoginAnswer::refused:
      refusal_ = why;
      break;
    case LoginAnswer::ambiguous:
      doubt(*why, now);
      break;
    case LoginAnswer::not_judged:
      break;
  }
}

void PinGuard::doubt(const Error& why, Time now) {
  doubt_ = why;
  ++doubts_;
  if (accepted_once_) {
    not_before_ = now + std::min(kFirstPause * (1U << std::min(doubts_ - 1, 10U)), kLongPause);
  } else if (doubts_ < kDoubtfulLogins) {
    not_before_ = now + (doubts_ == 1 ? kFirstPause : kLongPause);
  } else {
    refusal_ = Error{ErrorClass::wrong_pin, why.call(), why.rv(),
                     std::to_string(doubts_) + " logins failed, and one more could lock a wrong PIN",
                     "check the PIN and the HSM's log, then write the PIN source anew or restart"};
  }
}

Connection connect_token(const Module::Use& use, const TokenOptions& options, PinGuard& guard,
                         Counters& counters) {
  Functions* functions = use.functions();
  Connection connection{.generation = use.generation(), .slot = select_slot(functions, options.uri)};
  refuse_unusable(connection.slot);
  const auto now = std::chrono::steady_clock::now();
  Pin pin = guard.read(options.pin, now);
  check(functions->C_OpenSession(connection.slot.slot_id, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                 nullptr, &connection.anchor),
        "C_OpenSession");
  ++counters.login_attempts;
  // Cryptoki reads the PIN only; its prototype is older than const.
  const CK_RV rv =
      functions->C_Login(connection.anchor, CKU_USER, const_cast<CK_UTF8CHAR*>(pin.data()), pin.size());
  if (judge_login(rv) == LoginAnswer::accepted) {
    guard.answered(std::move(pin), LoginAnswer::accepted, std::nullopt, now);
    connection.tells_login = is_logged_in({functions, connection.anchor});
    return connection;
  }
  ++counters.login_failures;
  functions->C_CloseSession(connection.anchor);
  const LoginAnswer answer = with_flags(judge_login(rv), functions, connection.slot);
  const Error failure = login_failure(rv, answer, connection.slot);
  guard.answered(std::move(pin), answer, failure, now);
  throw Error{guard.refusal().value_or(failure)};
}

}  // namespace pkcs11
