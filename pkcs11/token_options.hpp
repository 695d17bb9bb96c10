#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "pkcs11/pin.hpp"
#include "pkcs11/token_status.hpp"
#include "pkcs11/uri.hpp"

namespace pkcs11 {

struct TokenOptions {
  std::string name;  // "issuing": for messages
  Uri uri;           // selects the token; module_path is the PKCS#11 library
  PinSource pin;
  std::size_t sessions = 64;  // signatures at once; the token may allow fewer
  std::chrono::milliseconds probe_interval{5000};
  std::chrono::milliseconds backoff_min{50};  // between attempts to connect, doubled up to
  std::chrono::milliseconds backoff_max{500};
  std::chrono::seconds audit_interval{3600};
  std::chrono::milliseconds drain_limit{5000};  // for calls under way, at a reconnect and at the end
  // Hears of every transition in order, the first one after the start included, on the token's own thread;
  // must be quick and must not throw. Not called once the Token is being destroyed.
  std::function<void(const TokenTransition&)> on_transition;
};

}  // namespace pkcs11
