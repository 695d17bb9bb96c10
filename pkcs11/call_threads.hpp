#pragma once
// Internal: threads on which calls into a module are made.
#include <functional>
#include <memory>

#include "pkcs11/bytes.hpp"

namespace pkcs11 {

// A call into a vendor's library cannot be cancelled. So it is made on another thread, and whoever wants its
// answer can leave it: the call keeps its thread until it comes back. Threads are kept for the next call.
// Thread-safe.
class CallThreads {
 public:
  CallThreads();
  // Joins the idle threads; a call that hangs is left behind with its thread.
  ~CallThreads();
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  // True when the work has ended, and what it held is gone. False at the deadline: the work goes on, so it
  // must own all that it uses, and must not throw. Throws Error{busy} when no thread can be made.
  [[nodiscard]] bool run(std::function<void()> work, Deadline deadline);

 private:
  struct Worker;
  struct Idle;

  std::shared_ptr<Idle> idle_;
};

}  // namespace pkcs11
