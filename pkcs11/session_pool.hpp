#pragma once
// Internal: the sessions of one token.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "pkcs11/cryptoki.hpp"
#include "pkcs11/error.hpp"
#include "pkcs11/module.hpp"
#include "pkcs11/slot.hpp"

namespace pkcs11 {

struct SessionCounts {
  std::size_t open = 0;
  std::size_t in_use = 0;
};

// Sessions by lease, one thread per session. An epoch begins with each login: sessions of an older one are
// closed when they come back and never handed out again. Grows lazily up to a bound that shrinks when the
// token says CKR_SESSION_COUNT. Thread-safe. No call into the module is made under the lock.
class SessionPool {
  struct Epoch;

 public:
  struct Start {
    std::uint64_t number = 0;             // never used before
    std::uint64_t module_generation = 0;  // in which the sessions are valid
    Slot token;
    std::size_t capacity = 1;
    CK_SESSION_HANDLE anchor = CK_INVALID_HANDLE;  // holds the login; lent out only when nothing else opens
    bool tells_login = false;                      // of Session
  };

  // The right to one session. Dropped unless done() says that every operation on it ended well.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    ~Lease();

    [[nodiscard]] std::uint64_t epoch() const;
    [[nodiscard]] CK_SLOT_ID slot() const { return token().slot_id; }
    [[nodiscard]] const Slot& token() const;
    // Opens at the first call. Throws Error; {relogin} when the module was loaded anew meanwhile.
    [[nodiscard]] Session session();
    void done() { good_ = true; }
    // Gives the session back, once; the destructor does it otherwise. True when it had been abandoned.
    bool release();

   private:
    friend class SessionPool;
    Lease(SessionPool* pool, std::shared_ptr<Epoch> epoch, CK_SESSION_HANDLE handle);
    void open();

    SessionPool* pool_;
    std::shared_ptr<Epoch> epoch_;
    CK_SESSION_HANDLE handle_;
    std::optional<Module::Use> use_;
    bool good_ = false;
    bool released_ = false;   // under the pool's mutex
    bool abandoned_ = false;  // under the pool's mutex
  };

  explicit SessionPool(std::shared_ptr<Module> module);

  // nullopt at the deadline. Throws what refuse() was given.
  [[nodiscard]] std::optional<Lease> acquire(Deadline deadline);

  // A call on the lease does not come back: another session may take the place of its own, and nobody waits
  // for it any more. False when it was released just now. May be called beside a call that uses the lease.
  [[nodiscard]] bool abandon(Lease& lease);

  // For the supervisor.
  void open(const Start& start);
  void close(std::uint64_t epoch);              // no new leases; nothing when another epoch is on
  [[nodiscard]] bool drain(Deadline deadline);  // false: a lease did not come back
  // The anchor and the idle sessions, to be closed by the caller; leases that are out close their own.
  [[nodiscard]] std::vector<CK_SESSION_HANDLE> take_all();
  void refuse(std::optional<Error> reason);  // nullopt: wait again; open() ends it as well
  void regrow();                             // a token that had too few sessions may have more by now
  [[nodiscard]] SessionCounts counts() const;

 private:
  struct Epoch {
    Start start;
    std::size_t capacity = 0;
    bool open = true;
    std::size_t total = 0;  // open or about to be, without the anchor
    std::size_t leased = 0;
    CK_SESSION_HANDLE anchor = CK_INVALID_HANDLE;
    std::vector<CK_SESSION_HANDLE> idle;
  };
  void shrink(Epoch& epoch);

  const std::shared_ptr<Module> module_;
  mutable std::mutex mutex_;
  std::condition_variable place_;    // one may go on, or all must look again
  std::condition_variable drained_;  // a lease came back
  std::shared_ptr<Epoch> epoch_;     // never null; guarded with all that it holds
  std::optional<Error> refusal_;
};

}  // namespace pkcs11
