#pragma once
// Internal: one call on one session, on a thread that its caller can leave.
#include <algorithm>
#include <chrono>
#include <type_traits>

#include "pkcs11/supervisor.hpp"

namespace pkcs11 {

template <typename Result>
struct CallOutcome {
  std::optional<Result> result;
  std::optional<Error> failure;  // exactly one of both
};

// What a call gets at least, once it has a session: a signature that is as good as made is not thrown away
// because its session came late.
inline constexpr std::chrono::milliseconds kLeastCallTime{100};

// Runs `call(lease)` until the deadline. nullopt: it has not come back; the session, and `call` with all that
// it holds, stay with it, and the pool makes up for the session. When this returns otherwise, the session is
// given back. `subject` is what the call is about, for the bound on lost calls.
template <typename Call>
auto call_on(const std::shared_ptr<Supervisor>& supervisor, SessionPool::Lease leased,
             const std::string& subject, Deadline deadline, const std::shared_ptr<Call>& call)
    -> std::optional<CallOutcome<std::invoke_result_t<Call&, SessionPool::Lease&>>> {
  using Outcome = CallOutcome<std::invoke_result_t<Call&, SessionPool::Lease&>>;
  struct Shared {
    SessionPool::Lease lease;
    Outcome outcome;
  };
  const auto shared = std::make_shared<Shared>(Shared{std::move(leased), {}});
  const auto work = [supervisor, shared, call, subject] {
    try {
      shared->outcome.result.emplace((*call)(shared->lease));
      shared->lease.done();
    } catch (const Error& error) {
      shared->outcome.failure = error;
    } catch (const std::exception& error) {
      shared->outcome.failure = Error{ErrorClass::busy, error.what()};
    }
    if (shared->lease.release()) {
      supervisor->lost().came_back(subject);
    }
  };
  const auto least = std::chrono::steady_clock::now() + kLeastCallTime;
  if (!supervisor->calls().run(work, std::max(deadline, least))) {
    supervisor->lost().add(subject);
    if (supervisor->pool().abandon(shared->lease)) {
      return std::nullopt;
    }
    supervisor->lost().never_was(subject);
  }
  return std::move(shared->outcome);
}

}  // namespace pkcs11
