#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

#include "ca/ledger/sqlite/connection.hpp"

namespace ca::sqlite {

// Folds the write-ahead log back into the file, on the writer's thread: measured, a thread of its own never
// catches a busy writer. A reader that stays in the middle of the log keeps its frames there; attempts then
// come at growing sizes and not at every commit, so that a forgotten reader costs space and not speed.
class Checkpointer {
 public:
  explicit Checkpointer(std::uint64_t wal_limit_bytes);

  // After each commit on that connection. Throws StoreFault; nothing is lost by it, the log only grows.
  void after_commit(Connection& connection);
  [[nodiscard]] std::uint64_t attempts() const { return attempts_; }  // from any thread

 private:
  void truncate(Connection& connection);

  const std::uint64_t limit_frames_;
  std::uint64_t frames_ = 0;  // in the log and not yet in the file
  std::uint64_t next_attempt_;
  std::chrono::steady_clock::time_point next_truncate_{};
  std::atomic<std::uint64_t> attempts_{0};
};

}  // namespace ca::sqlite
