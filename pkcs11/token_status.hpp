#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkcs11/error.hpp"

namespace pkcs11 {

enum class TokenState {
  down,  // the last attempt failed, the next one follows
  connecting,
  up,
  draining,  // trouble: calls under way come back, then a new connection
  sealed,    // wrong or locked PIN: a person must act
  closed,
};

[[nodiscard]] std::string_view name_of(TokenState state);

// What an operator should hear of: the token is up, down, or sealed, and was not before.
struct TokenTransition {
  TokenState to = TokenState::down;   // up, down or sealed
  std::uint64_t epoch = 0;            // of the connection that begins or ended; 0: there was none yet
  std::chrono::milliseconds away{0};  // up: how long there was no connection, at first since the start
  std::optional<Error> cause;         // down and sealed: the call that failed, and what to do
};

// What the audits of this connection say about one key (I14).
struct KeyStanding {
  enum class State {
    unjudged,  // not audited in this connection, or there is no connection
    passed,
    refused,  // by the last audit; stands through reconnects until one passes
  };
  State state = State::unjudged;
  std::string reason;  // of a refusal
};

struct RefusedKey {
  std::string uri;  // RFC 7512
  std::string reason;
};

struct TokenStatus {
  TokenState state = TokenState::down;
  std::uint64_t epoch = 0;  // counts connections
  std::string detail;       // one sentence for an operator
  // Since when there is no connection; nullopt while there is one.
  std::optional<std::chrono::steady_clock::time_point> down_since;
  std::size_t sessions_open = 0;
  std::size_t sessions_in_use = 0;
  std::uint64_t signatures = 0;
  std::uint64_t sign_failures = 0;  // requests that ended without a signature
  std::uint64_t retries = 0;        // attempts repeated inside a deadline
  std::uint64_t reconnects = 0;     // connections after the first
  std::uint64_t module_reloads = 0;
  std::uint64_t lost_calls =
      0;  // calls into the module that did not come back before their callers' deadlines
  std::size_t hanging_calls = 0;  // of these, still inside
  std::uint64_t login_attempts = 0;
  std::uint64_t login_failures = 0;
  std::string last_error;
  std::optional<Error> cause;  // the same, with what to do apart
  std::vector<RefusedKey> refused_keys;
};

}  // namespace pkcs11
