#include "pkcs11/error.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "pkcs11/cryptoki.hpp"

namespace pkcs11 {
namespace {

struct Known {
  ReturnValue rv;
  const char* name;
  ErrorClass error_class;
};

// PKCS#11 3.0, 5.1: every value that a token may answer to the calls that we make. What is not here is
// treated as a lost connection: a reconnect is safe, a wrong answer is not.
constexpr std::array kKnown = std::to_array<Known>({
    {CKR_CANCEL, "CKR_CANCEL", ErrorClass::retry_session},
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY", ErrorClass::busy},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", ErrorClass::reconnect},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", ErrorClass::reconnect},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", ErrorClass::busy},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD", ErrorClass::bad_request},
    {CKR_NEED_TO_CREATE_THREADS, "CKR_NEED_TO_CREATE_THREADS", ErrorClass::fatal_config},
    {CKR_CANT_LOCK, "CKR_CANT_LOCK", ErrorClass::fatal_config},
    {CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY", ErrorClass::bad_request},
    {CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE", ErrorClass::bad_request},
    {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID", ErrorClass::bad_request},
    {CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID", ErrorClass::bad_request},
    {CKR_ACTION_PROHIBITED, "CKR_ACTION_PROHIBITED", ErrorClass::bad_request},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID", ErrorClass::bad_request},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE", ErrorClass::bad_request},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", ErrorClass::reconnect},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", ErrorClass::busy},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", ErrorClass::reconnect},
    {CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED", ErrorClass::retry_session},
    {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", ErrorClass::bad_request},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", ErrorClass::retry_session},
    {CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE", ErrorClass::bad_request},
    {CKR_KEY_UNEXTRACTABLE, "CKR_KEY_UNEXTRACTABLE", ErrorClass::bad_request},
    {CKR_KEY_NOT_WRAPPABLE, "CKR_KEY_NOT_WRAPPABLE", ErrorClass::bad_request},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT", ErrorClass::bad_request},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", ErrorClass::bad_request},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", ErrorClass::bad_request},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID", ErrorClass::bad_request},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID", ErrorClass::retry_session},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE", ErrorClass::retry_session},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED", ErrorClass::retry_session},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", ErrorClass::wrong_pin},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID", ErrorClass::wrong_pin},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE", ErrorClass::wrong_pin},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", ErrorClass::wrong_pin},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED", ErrorClass::wrong_pin},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", ErrorClass::retry_session},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT", ErrorClass::busy},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", ErrorClass::retry_session},
    {CKR_SESSION_PARALLEL_NOT_SUPPORTED, "CKR_SESSION_PARALLEL_NOT_SUPPORTED", ErrorClass::fatal_config},
    {CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY", ErrorClass::bad_request},
    {CKR_SESSION_EXISTS, "CKR_SESSION_EXISTS", ErrorClass::bad_request},
    {CKR_SESSION_READ_ONLY_EXISTS, "CKR_SESSION_READ_ONLY_EXISTS", ErrorClass::bad_request},
    {CKR_SESSION_READ_WRITE_SO_EXISTS, "CKR_SESSION_READ_WRITE_SO_EXISTS", ErrorClass::fatal_config},
    {CKR_SIGNATURE_INVALID, "CKR_SIGNATURE_INVALID", ErrorClass::bad_request},
    {CKR_SIGNATURE_LEN_RANGE, "CKR_SIGNATURE_LEN_RANGE", ErrorClass::bad_request},
    {CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE", ErrorClass::bad_request},
    {CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT", ErrorClass::bad_request},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", ErrorClass::reconnect},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", ErrorClass::reconnect},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", ErrorClass::fatal_config},
    {CKR_USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN", ErrorClass::bad_request},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", ErrorClass::relogin},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED", ErrorClass::wrong_pin},
    {CKR_USER_TYPE_INVALID, "CKR_USER_TYPE_INVALID", ErrorClass::fatal_config},
    {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", ErrorClass::fatal_config},
    {CKR_USER_TOO_MANY_TYPES, "CKR_USER_TOO_MANY_TYPES", ErrorClass::fatal_config},
    {CKR_RANDOM_NO_RNG, "CKR_RANDOM_NO_RNG", ErrorClass::bad_request},
    {CKR_DOMAIN_PARAMS_INVALID, "CKR_DOMAIN_PARAMS_INVALID", ErrorClass::bad_request},
    {CKR_CURVE_NOT_SUPPORTED, "CKR_CURVE_NOT_SUPPORTED", ErrorClass::bad_request},
    {CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL", ErrorClass::bad_request},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", ErrorClass::reconnect},
    {CKR_CRYPTOKI_ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED", ErrorClass::reconnect},
    {CKR_MUTEX_BAD, "CKR_MUTEX_BAD", ErrorClass::reconnect},
    {CKR_MUTEX_NOT_LOCKED, "CKR_MUTEX_NOT_LOCKED", ErrorClass::reconnect},
    {CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED", ErrorClass::bad_request},
});

const Known* known(ReturnValue rv) {
  for (const Known& entry : kKnown) {
    if (entry.rv == rv) {
      return &entry;
    }
  }
  return nullptr;
}

std::string cause_text(const std::string& call, ReturnValue rv, const std::string& detail) {
  std::string text;
  if (!call.empty()) {
    text = rv == CKR_OK ? call : call + ": " + return_value_text(rv);
  }
  if (!detail.empty()) {
    text += (text.empty() ? "" : ": ") + detail;
  }
  return text;
}

}  // namespace

std::string_view name_of(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::retry_session:
      return "retry_session";
    case ErrorClass::relogin:
      return "relogin";
    case ErrorClass::reconnect:
      return "reconnect";
    case ErrorClass::busy:
      return "busy";
    case ErrorClass::wrong_pin:
      return "wrong_pin";
    case ErrorClass::fatal_config:
      return "fatal_config";
    case ErrorClass::bad_request:
      return "bad_request";
    case ErrorClass::unavailable:
      return "unavailable";
    case ErrorClass::key_missing:
      return "key_missing";
    case ErrorClass::key_refused:
      return "key_refused";
    case ErrorClass::label_exists:
      return "label_exists";
  }
  return "unknown";
}

Error::Error(ErrorClass error_class, std::string call, ReturnValue rv, const std::string& detail,
             std::string hint)
    : class_{error_class},
      rv_{rv},
      call_{std::move(call)},
      cause_{cause_text(call_, rv, detail)},
      hint_{std::move(hint)},
      text_{hint_.empty() ? cause_ : cause_ + "; " + hint_} {}

Error::Error(ErrorClass error_class, const std::string& detail, std::string hint)
    : Error{error_class, std::string{}, CKR_OK, detail, std::move(hint)} {}

std::string return_value_text(ReturnValue rv) {
  std::array<char, 32> number{};
  static_cast<void>(std::snprintf(number.data(), number.size(), "0x%lx", rv));
  const Known* entry = known(rv);
  const char* name = entry != nullptr ? entry->name : rv >= CKR_VENDOR_DEFINED ? "vendor defined" : "unknown";
  return std::string{name} + " (" + number.data() + ")";
}

ErrorClass classify(std::string_view call, ReturnValue rv) {
  if (call == "C_GetAttributeValue" && rv == CKR_DEVICE_ERROR) {
    return ErrorClass::busy;
  }
  const Known* entry = known(rv);
  return entry != nullptr ? entry->error_class : ErrorClass::reconnect;
}

std::string hint_for(std::string_view call, ReturnValue rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
      return "put the right PIN into the PIN source; it is tried again when the content changes";
    case CKR_PIN_LOCKED:
      return "have the security officer unlock the PIN, then write the PIN source anew or restart";
    case CKR_PIN_EXPIRED:
    case CKR_USER_PIN_NOT_INITIALIZED:
      return "set the user PIN of the token with the vendor's tool";
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SLOT_ID_INVALID:
      return "check that the token is plugged in and the URI names it: chancery hsm list-slots";
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
      return "check the HSM's power and network";
    case CKR_SESSION_COUNT:
      return "lower `sessions`, or let other programs of the token release theirs";
    case CKR_MECHANISM_INVALID:
    case CKR_CURVE_NOT_SUPPORTED:
      return "the token cannot do this; choose another key type";
    case CKR_GENERAL_ERROR:
      return call == "C_Initialize" ? "check the module's own configuration and that this user may read it"
                                    : "see the module's own log";
    default:
      return {};
  }
}

void check(ReturnValue rv, const char* call) {
  if (rv != CKR_OK) {
    throw Error{classify(call, rv), call, rv, {}, hint_for(call, rv)};
  }
}

}  // namespace pkcs11
