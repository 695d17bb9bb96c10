#include "pkcs11/connection.hpp"

#include <utility>

#include "pkcs11/object.hpp"

namespace pkcs11 {

Pin PinGuard::read(const PinSource& source) const {
  Pin pin = source.read();
  if (pin_ && pin_->same_as(pin)) {
    throw Error{*reason_};
  }
  return pin;
}

void PinGuard::refused(Pin pin, const Error& reason) {
  pin_ = std::move(pin);
  reason_ = reason;
}

Connection connect_token(const Module::Use& use, const TokenOptions& options, PinGuard& guard,
                         Counters& counters) {
  Functions* functions = use.functions();
  Connection connection{.generation = use.generation(), .slot = select_slot(functions, options.uri)};
  refuse_unusable(connection.slot);
  Pin pin = guard.read(options.pin);
  check(functions->C_OpenSession(connection.slot.slot_id, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                 nullptr, &connection.anchor),
        "C_OpenSession");
  ++counters.login_attempts;
  // Cryptoki reads the PIN only; its prototype is older than const.
  const CK_RV rv =
      functions->C_Login(connection.anchor, CKU_USER, const_cast<CK_UTF8CHAR*>(pin.data()), pin.size());
  if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
    connection.tells_login = is_logged_in({functions, connection.anchor});
    return connection;
  }
  ++counters.login_failures;
  functions->C_CloseSession(connection.anchor);
  const Error failure{classify("C_Login", rv), "C_Login", rv, "token '" + connection.slot.label + "'",
                      hint_for("C_Login", rv)};
  if (failure.error_class() == ErrorClass::wrong_pin) {
    guard.refused(std::move(pin), failure);
  }
  throw Error{failure};
}

}  // namespace pkcs11
