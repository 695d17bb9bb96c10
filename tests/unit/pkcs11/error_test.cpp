#include "pkcs11/error.hpp"

#include <p11-kit/pkcs11.h>

#include "tests/support/catch.hpp"

using pkcs11::classify;
using pkcs11::Error;
using pkcs11::ErrorClass;

TEST_CASE("error: return values ask for what heals them", "[pkcs11]") {
  CHECK(classify("C_Sign", CKR_SESSION_HANDLE_INVALID) == ErrorClass::retry_session);
  CHECK(classify("C_Sign", CKR_OPERATION_ACTIVE) == ErrorClass::retry_session);
  CHECK(classify("C_SignInit", CKR_OBJECT_HANDLE_INVALID) == ErrorClass::retry_session);
  CHECK(classify("C_SignInit", CKR_USER_NOT_LOGGED_IN) == ErrorClass::relogin);
  CHECK(classify("C_Sign", CKR_DEVICE_REMOVED) == ErrorClass::reconnect);
  CHECK(classify("C_Sign", CKR_DEVICE_ERROR) == ErrorClass::reconnect);
  CHECK(classify("C_Sign", CKR_CRYPTOKI_NOT_INITIALIZED) == ErrorClass::reconnect);
  CHECK(classify("C_Sign", CKR_VENDOR_DEFINED | 7UL) == ErrorClass::reconnect);
  CHECK(classify("C_Sign", CKR_FUNCTION_FAILED) == ErrorClass::busy);
  CHECK(classify("C_OpenSession", CKR_SESSION_COUNT) == ErrorClass::busy);
  CHECK(classify("C_SignInit", CKR_MECHANISM_INVALID) == ErrorClass::bad_request);
  CHECK(classify("C_Initialize", CKR_CANT_LOCK) == ErrorClass::fatal_config);
}

TEST_CASE("error: a throttled read on CloudHSM is no lost device", "[pkcs11]") {
  CHECK(classify("C_GetAttributeValue", CKR_DEVICE_ERROR) == ErrorClass::busy);
}

TEST_CASE("error: every answer that speaks of the PIN stops the login", "[pkcs11]") {
  for (const auto rv : {CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED,
                        CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED}) {
    INFO(pkcs11::return_value_text(rv));
    CHECK(classify("C_Login", rv) == ErrorClass::wrong_pin);
    CHECK_FALSE(pkcs11::hint_for("C_Login", rv).empty());
  }
}

TEST_CASE("error: the text names call and value and way out", "[pkcs11]") {
  CHECK_NOTHROW(pkcs11::check(CKR_OK, "C_Sign"));
  try {
    pkcs11::check(CKR_DEVICE_REMOVED, "C_Sign");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.call() == "C_Sign");
    CHECK(error.rv() == CKR_DEVICE_REMOVED);
    CHECK(error.cause() == "C_Sign: CKR_DEVICE_REMOVED (0x32)");
    CHECK(error.what() == error.cause() + "; " + error.hint());
  }
  CHECK(pkcs11::return_value_text(0x80000001UL) == "vendor defined (0x80000001)");
  CHECK(std::string{Error{ErrorClass::busy, "why"}.what()} == "why");
}
