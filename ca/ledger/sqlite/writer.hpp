#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "ca/ledger/sqlite/audit_tail.hpp"
#include "ca/ledger/sqlite/changes.hpp"
#include "ca/ledger/sqlite/checkpointer.hpp"
#include "ca/ledger/sqlite/open_files.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"

namespace ca::sqlite {

// The one thread that writes. It takes everything queued, up to max_batch, and writes it in one transaction,
// each entry under a savepoint of its own; then it answers. No delay is added, and no mutex is held while it
// writes.
//
// When COMMIT fails, its result is unknown (I13): SQLite may have written the commit frame before the disk
// refused, and a recovery after a crash would find it. The writer therefore reads back on a new connection
// whether the transaction is there, and writes one more small transaction, which either flushes it for good
// or takes its place in the WAL. Only then are the entries answered. While the disk refuses that too, entries
// are answered with Code::unavailable and every later batch begins with settling; should the process die just
// then, the unsettled entries may be found after the restart, complete with their audit events, as a request
// whose answer was lost.
class Writer {
 public:
  // Opens the file for writing, migrates and checks it. Throws StoreFault.
  Writer(const SqliteStoreOptions& options, const Clock& clock);
  ~Writer();  // writes what is queued, then ends the thread
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] std::future<CommitResult> commit(LedgerEntry entry);
  [[nodiscard]] StoreStatus status() const;
  // Starts the thread; once.
  void start();

 private:
  struct Job {
    LedgerEntry entry;
    std::promise<CommitResult> promise;
  };
  using Answer = std::variant<CommitResult, std::exception_ptr>;

  void run();
  [[nodiscard]] std::vector<Job> take_batch();  // empty: closed and all written
  void write(std::vector<Job>& batch);
  void connect(Connection::Use use);
  void disconnect();
  void open();
  void require_in_place() const;
  [[nodiscard]] bool apply_all(const std::vector<Job>& batch, std::vector<Answer>& answers, AuditTail& tail,
                               PendingCounts& pending);
  [[nodiscard]] Answer apply_one(const LedgerEntry& entry, AuditTail& tail,
                                 const Circumstances& circumstances, StateCounts& counts);
  void settle();
  [[nodiscard]] bool found_after_failed_commit(std::uint64_t commit_number) noexcept;
  void roll_back() noexcept;
  void checkpoint();
  void answer(std::vector<Job>& batch, std::vector<Answer>& answers);
  void refuse(std::vector<Job>& batch, const StoreFault& fault);
  void fail(std::vector<Job>& batch, const std::string& reason);
  void note_fault(const std::string& text);

  const SqliteStoreOptions options_;
  const Clock& clock_;
  OpenFiles files_;

  // The thread's own.
  std::unique_ptr<Session> session_;  // none: to be opened again
  std::optional<AuditTail> tail_;     // none: to be loaded again, and pending_ with it
  PendingCounts pending_;
  bool unsettled_ = false;
  Checkpointer checkpointer_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> queue_;
  bool closed_ = false;
  bool ok_ = true;
  std::string last_error_;

  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> entries_{0};
  std::atomic<std::uint64_t> failed_entries_{0};
  std::atomic<std::int64_t> batch_since_{0};  // steady clock, ns; 0: no batch is being written
  std::thread thread_;
};

}  // namespace ca::sqlite
