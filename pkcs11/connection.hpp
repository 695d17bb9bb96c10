#pragma once
// Internal: from a loaded module to a logged-in token.
#include <atomic>
#include <chrono>
#include <optional>

#include "pkcs11/error.hpp"
#include "pkcs11/module.hpp"
#include "pkcs11/pin.hpp"
#include "pkcs11/slot_reading.hpp"
#include "pkcs11/token_options.hpp"

namespace pkcs11 {

struct Counters {
  std::atomic<std::uint64_t> signatures{0};
  std::atomic<std::uint64_t> sign_failures{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<std::uint64_t> module_reloads{0};
  std::atomic<std::uint64_t> login_attempts{0};
  std::atomic<std::uint64_t> login_failures{0};
};

// What an answer to C_Login says about the PIN that was sent.
enum class LoginAnswer {
  accepted,
  refused,     // the PIN or its account
  not_judged,  // device, session or module were away, or the call was wrong: nothing looked at the PIN
  ambiguous,  // CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, vendors' own: trouble, or some HSM's word for a wrong
              // PIN
};
[[nodiscard]] LoginAnswer judge_login(CK_RV rv);

// Stands before C_Login, because a token locks the account after some wrong PINs, 3 with many cards, 10 with
// many HSMs, and then only the security officer helps. Counts across reconnects, until the PIN source holds
// something else:
//   refused                                    never sent again
//   ambiguous, and never accepted until now    kDoubtfulLogins attempts in all, 1 s and 1 min apart, then
//   refused ambiguous, but accepted once               the device is the likely cause: again after 1 s,
//   doubled up to 1 min not judged                                 as often as the connection is tried
class PinGuard {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr unsigned kDoubtfulLogins = 3;

  // The PIN, unless it is a refused one: then the error that refused it. Throws Error{busy} before its next
  // turn.
  [[nodiscard]] Pin read(const PinSource& source, Time now) const;
  // `why` is the failure of the login; empty when accepted.
  void answered(Pin pin, LoginAnswer answer, const std::optional<Error>& why, Time now);
  [[nodiscard]] bool holds_refused() const { return refusal_.has_value(); }
  [[nodiscard]] const std::optional<Error>& refusal() const { return refusal_; }

 private:
  void doubt(const Error& why, Time now);

  std::optional<Pin> pin_;  // the last that was sent; all below is about it
  std::optional<Error> refusal_;
  std::optional<Error> doubt_;
  bool accepted_once_ = false;
  unsigned doubts_ = 0;
  Time not_before_{};
};

struct Connection {
  std::uint64_t generation = 0;
  Slot slot;
  CK_SESSION_HANDLE anchor = CK_INVALID_HANDLE;
  // C_GetSessionInfo says that the user is logged in, as it must now. A module of which that is not true is
  // not asked later either.
  bool tells_login = false;
};

// Selects the token, refuses what a login could harm, opens one RW session and logs in, once. Throws Error.
[[nodiscard]] Connection connect_token(const Module::Use& use, const TokenOptions& options, PinGuard& guard,
                                       Counters& counters);

}  // namespace pkcs11
