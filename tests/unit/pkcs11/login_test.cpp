#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "pkcs11/connection.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using pkcs11::Error;
using pkcs11::ErrorClass;
using pkcs11::judge_login;
using pkcs11::LoginAnswer;
using pkcs11::PinGuard;

namespace {

// A PIN source whose content the test changes.
class Source {
 public:
  Source() {
    std::string pattern = (std::filesystem::temp_directory_path() / "chancery-pin-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));  // mode 0600
    file_ = pattern;
    write("first");
  }
  ~Source() { std::filesystem::remove(file_); }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  void write(const std::string& pin) { std::ofstream{file_} << pin; }
  [[nodiscard]] pkcs11::PinSource pin() const { return pkcs11::PinSource::parse("file:" + file_.string()); }

 private:
  std::filesystem::path file_;
};

Error failure(CK_RV rv) { return Error{ErrorClass::reconnect, "C_Login", rv, "token 'issuing'"}; }

// One login at `now`; the class of what forbids it, or nullopt when it was made and answered so.
std::optional<ErrorClass> log_in(PinGuard& guard, const Source& source, PinGuard::Time now,
                                 LoginAnswer answer) {
  try {
    pkcs11::Pin pin = guard.read(source.pin(), now);
    guard.answered(std::move(pin), answer,
                   answer == LoginAnswer::accepted ? std::nullopt : std::optional{failure(CKR_GENERAL_ERROR)},
                   now);
    return std::nullopt;
  } catch (const Error& error) {
    return error.error_class();
  }
}

constexpr auto kMade = std::nullopt;
const PinGuard::Time kStart{1h};

}  // namespace

TEST_CASE("login: every answer is judged for what it says about the PIN", "[pkcs11]") {
  for (const CK_RV rv : {CKR_OK, CKR_USER_ALREADY_LOGGED_IN}) {
    CHECK(judge_login(rv) == LoginAnswer::accepted);
  }
  for (const CK_RV rv : {CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED,
                         CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED}) {
    INFO(pkcs11::return_value_text(rv));
    CHECK(judge_login(rv) == LoginAnswer::refused);
  }
  for (const CK_RV rv :
       {CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_TOKEN_NOT_PRESENT, CKR_SESSION_HANDLE_INVALID,
        CKR_SLOT_ID_INVALID, CKR_USER_TYPE_INVALID, CKR_CRYPTOKI_NOT_INITIALIZED}) {
    INFO(pkcs11::return_value_text(rv));
    CHECK(judge_login(rv) == LoginAnswer::not_judged);
  }
  for (const CK_RV rv : {CK_RV{CKR_GENERAL_ERROR}, CK_RV{CKR_FUNCTION_FAILED}, CK_RV{CKR_ARGUMENTS_BAD},
                         CK_RV{CKR_VENDOR_DEFINED | 7UL}, CK_RV{0x7fff}}) {
    INFO(pkcs11::return_value_text(rv));
    CHECK(judge_login(rv) == LoginAnswer::ambiguous);
  }
}

TEST_CASE("login: a refused PIN waits for other content, for ever", "[pkcs11]") {
  Source source;
  PinGuard guard;
  CHECK(log_in(guard, source, kStart, LoginAnswer::refused) == kMade);
  CHECK(guard.holds_refused());
  CHECK(log_in(guard, source, kStart + 24h, LoginAnswer::accepted));
  source.write("second");
  CHECK(log_in(guard, source, kStart + 24h, LoginAnswer::accepted) == kMade);
  CHECK_FALSE(guard.holds_refused());
}

TEST_CASE("login: a PIN that was never accepted gets three ambiguous answers and no more", "[pkcs11]") {
  Source source;
  PinGuard guard;
  CHECK(log_in(guard, source, kStart, LoginAnswer::ambiguous) == kMade);
  CHECK(log_in(guard, source, kStart + 900ms, LoginAnswer::ambiguous) == ErrorClass::busy);
  CHECK(log_in(guard, source, kStart + 1s, LoginAnswer::ambiguous) == kMade);
  CHECK(log_in(guard, source, kStart + 59s, LoginAnswer::ambiguous) == ErrorClass::busy);
  CHECK_FALSE(guard.holds_refused());
  CHECK(log_in(guard, source, kStart + 61s, LoginAnswer::ambiguous) == kMade);
  CHECK(guard.holds_refused());
  CHECK(log_in(guard, source, kStart + 24h, LoginAnswer::accepted) == ErrorClass::wrong_pin);
  source.write("second");
  CHECK(log_in(guard, source, kStart + 24h, LoginAnswer::accepted) == kMade);
}

TEST_CASE("login: a PIN that was accepted before outlives any number of ambiguous answers", "[pkcs11][I19]") {
  Source source;
  PinGuard guard;
  CHECK(log_in(guard, source, kStart, LoginAnswer::accepted) == kMade);
  auto now = kStart;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    CHECK(log_in(guard, source, now, LoginAnswer::ambiguous) == kMade);
    CHECK(log_in(guard, source, now + pause - 1ms, LoginAnswer::ambiguous) == ErrorClass::busy);
    now += pause;
  }
  CHECK(log_in(guard, source, now, LoginAnswer::accepted) == kMade);
  CHECK(log_in(guard, source, now, LoginAnswer::accepted) == kMade);
}

TEST_CASE("login: a device that was away costs no attempt", "[pkcs11][I19]") {
  Source source;
  PinGuard guard;
  for (int i = 0; i < 100; ++i) {
    CHECK(log_in(guard, source, kStart, LoginAnswer::not_judged) == kMade);
  }
}
