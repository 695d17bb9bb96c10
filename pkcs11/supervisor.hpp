#pragma once
// Internal: keeps one token connected.
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "pkcs11/call_threads.hpp"
#include "pkcs11/connection.hpp"
#include "pkcs11/key_ring.hpp"
#include "pkcs11/lost_calls.hpp"
#include "pkcs11/module.hpp"
#include "pkcs11/session_pool.hpp"
#include "pkcs11/token_options.hpp"
#include "pkcs11/token_status.hpp"

namespace pkcs11 {

// One thread: down -> connecting -> up(epoch) -> draining -> connecting. Requests report trouble and wait at
// the pool for the next epoch; only this thread logs in. Ladder of recovery: the request takes another
// session; then new sessions, login and handles; then the module is unloaded and loaded (a SoftHSM whose
// files were away and some network HSMs' libraries see nothing new before that). After a refused PIN there is
// no login until the PIN source holds something else.
//
// Thread-safe. Requests hold a shared_ptr, so a call that hangs in the module outlives the Token safely.
class Supervisor final : public ModuleObserver, public std::enable_shared_from_this<Supervisor> {
 public:
  static std::shared_ptr<Supervisor> start(TokenOptions options, std::shared_ptr<Module> module);
  Supervisor(TokenOptions options, std::shared_ptr<Module> module);
  ~Supervisor() override = default;

  // Drains, logs out, closes the sessions; waits at most twice the drain limit. Once.
  void stop();

  [[nodiscard]] bool wait_until_up(Deadline deadline);
  // Trouble on a connection: the first report of an epoch starts its end.
  void report(std::uint64_t epoch, const Error& error);
  // The token throttled a request; when that lasts and nothing succeeds, it is trouble.
  void report_busy(std::uint64_t epoch, const Error& error);
  void succeeded();

  [[nodiscard]] SessionPool& pool() { return pool_; }
  [[nodiscard]] KeyRing& keys() { return keys_; }
  [[nodiscard]] Counters& counters() { return counters_; }
  [[nodiscard]] CallThreads& calls() { return calls_; }
  [[nodiscard]] LostCalls& lost() { return lost_; }
  [[nodiscard]] Module& module() { return *module_; }
  [[nodiscard]] const TokenOptions& options() const { return options_; }
  [[nodiscard]] TokenStatus status() const;
  [[nodiscard]] KeyStanding standing(const Uri& key) const;
  [[nodiscard]] std::optional<Error> last_error() const;
  [[nodiscard]] TokenState state() const;

  void module_reloads() override;
  [[nodiscard]] bool is_up() const override;

 private:
  void run();
  [[nodiscard]] bool connect(bool hard);
  void publish(const Connection& connection, std::uint64_t epoch);
  void failed(const Error& error);
  void tell(TokenTransition transition);
  void tend();
  void probe();
  template <typename Call>
  [[nodiscard]] bool try_call(const std::string& subject, Call call);
  void audit_again();
  void disconnect(bool log_out);
  void pause(std::chrono::milliseconds length);
  void turn(TokenState state);  // under the lock
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] bool hard_next() const;
  [[nodiscard]] std::chrono::milliseconds backoff(unsigned failures) const;
  [[nodiscard]] Deadline call_limit() const;

  const TokenOptions options_;
  const std::shared_ptr<Module> module_;
  SessionPool pool_;
  KeyRing keys_;
  Counters counters_;
  LostCalls lost_;
  PinGuard pin_guard_;  // the thread's own

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  TokenState state_ = TokenState::down;
  std::optional<Deadline> down_since_ = std::chrono::steady_clock::now();
  std::uint64_t epoch_ = 0;
  std::optional<Connection> connection_;  // of the current epoch; written by the thread
  std::optional<Error> trouble_;          // why the current epoch ends
  std::optional<Error> last_error_;
  bool stopping_ = false;
  bool finished_ = false;
  TokenState told_ = TokenState::connecting;   // the thread's own: the last transition that was told, if any
  std::uint64_t last_generation_ = 0;          // the thread's own
  std::atomic<std::int64_t> last_success_{0};  // steady clock, ns
  Deadline next_audit_{};                      // the thread's own

  std::thread thread_;
  CallThreads calls_;  // the first to end: what hangs holds on to all the rest
};

}  // namespace pkcs11
