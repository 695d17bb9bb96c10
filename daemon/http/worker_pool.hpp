#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace http {

struct WorkerPoolOptions {
  std::string name;
  std::size_t threads = 4;       // at least one is started
  std::size_t max_queued = 256;  // tasks waiting beside those that run
};

// Fixed threads, bounded queue: at most threads + max_queued tasks are known to the pool. A task that throws
// ends nothing but itself. Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  ~WorkerPool();  // drains: runs what is queued, then joins
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when no thread is free and the queue is full, or when the pool ends; the task is then not run.
  [[nodiscard]] bool try_post(std::function<void()> task);
  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] std::uint64_t rejected() const;
  [[nodiscard]] const WorkerPoolOptions& options() const { return options_; }

 private:
  void run();
  void end();
  WorkerPoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::size_t running_ = 0;
  std::uint64_t rejected_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace http
