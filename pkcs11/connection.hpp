#pragma once
// Internal: from a loaded module to a logged-in token.
#include <atomic>
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

// Stands before C_Login: a PIN that the token refused is not sent again, however often we reconnect.
class PinGuard {
 public:
  // The PIN, unless it is the refused one: then the error that refused it.
  [[nodiscard]] Pin read(const PinSource& source) const;
  void refused(Pin pin, const Error& reason);
  [[nodiscard]] bool holds_refused() const { return pin_.has_value(); }

 private:
  std::optional<Pin> pin_;
  std::optional<Error> reason_;
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
