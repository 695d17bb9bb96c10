#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace http {

struct WorkerPoolOptions {
  std::string name;
  std::size_t threads = 4;        // at least one is started
  std::size_t max_queued = 256;   // tasks waiting beside those that run
  std::size_t max_per_share = 0;  // tasks of one share, waiting or running; 0: half of all places
};

// Fixed threads, bounded queue: at most threads + max_queued tasks are known to the pool, and of each share
// (whoever the caller of post() names) at most max_per_share, so that none can have all places (I16). A task
// that throws ends nothing but itself. Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  ~WorkerPool();  // drains: runs what is queued, then joins
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // queue_full: no thread is free and the queue is full, or the pool ends. Only what is taken is run.
  enum class Posted { taken, queue_full, share_used };
  // An empty share has no bound of its own.
  [[nodiscard]] Posted post(std::string share, std::function<void()> task);
  [[nodiscard]] bool try_post(std::function<void()> task) {
    return post({}, std::move(task)) == Posted::taken;
  }
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
  struct Task {
    std::string share;
    std::function<void()> run;
  };
  void leave(const std::string& share);
  std::deque<Task> tasks_;
  std::map<std::string, std::size_t> places_;  // by share: tasks that wait or run
  std::size_t running_ = 0;
  std::uint64_t rejected_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace http
