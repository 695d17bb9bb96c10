#pragma once
#include <exception>
#include <string>
#include <string_view>

namespace pkcs11 {

using ReturnValue = unsigned long;  // CK_RV

// What a failure asks for. The first five heal by themselves within a caller's deadline; a caller of Token
// sees only the others.
enum class ErrorClass {
  retry_session,  // this session or handle is dead: another one, at once
  relogin,        // the token forgot the login
  reconnect,      // the token or the way to it is gone
  busy,           // throttled: again, later, on the same connection
  wrong_pin,      // never tried again until the PIN source holds something else
  fatal_config,   // a person must change something
  bad_request,    // this request can never work
  unavailable,    // the deadline came first, or the token is sealed or closed
  key_missing,    // the token is there and has no such key
  key_refused,    // the key is weaker than, or not, the one that was promised (I14)
  label_exists,   // a key with the label is on the token already
};

[[nodiscard]] std::string_view name_of(ErrorClass error_class);

// Everything that goes wrong in this layer. what() names the Cryptoki call, its return value and what to do;
// it never holds a PIN (I18).
// Copies share nothing: one error may be shown to many threads.
class Error : public std::exception {
 public:
  // `call` and `rv` may be empty and 0 where no Cryptoki call failed.
  Error(ErrorClass error_class, std::string call, ReturnValue rv, const std::string& detail,
        std::string hint = {});
  Error(ErrorClass error_class, const std::string& detail, std::string hint = {});

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] ErrorClass error_class() const { return class_; }
  [[nodiscard]] ReturnValue rv() const { return rv_; }
  [[nodiscard]] const std::string& call() const { return call_; }
  // what() without the hint.
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }

 private:
  ErrorClass class_;
  ReturnValue rv_;
  std::string call_;
  std::string cause_;
  std::string hint_;
  std::string text_;
};

// "CKR_DEVICE_REMOVED (0x32)".
[[nodiscard]] std::string return_value_text(ReturnValue rv);

// The class of a return value that is not CKR_OK. The call matters: AWS CloudHSM answers C_GetAttributeValue
// with CKR_DEVICE_ERROR when it throttles.
[[nodiscard]] ErrorClass classify(std::string_view call, ReturnValue rv);

// What an operator does about it.
[[nodiscard]] std::string hint_for(std::string_view call, ReturnValue rv);

// Throws Error for anything but CKR_OK.
void check(ReturnValue rv, const char* call);

}  // namespace pkcs11
