#include "daemon/http/worker_pool.hpp"

#include <algorithm>
#include <utility>

namespace http {

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_{std::move(options)} {
  options_.threads = std::max<std::size_t>(options_.threads, 1);
  if (options_.max_per_share == 0) {
    options_.max_per_share = (options_.threads + options_.max_queued + 1) / 2;
  }
  threads_.reserve(options_.threads);
  try {
    for (std::size_t i = 0; i < options_.threads; ++i) {
      threads_.emplace_back([this] { run(); });
    }
  } catch (...) {
    end();  // the destructor will not run, and a thread that nobody joins ends the process
    throw;
  }
}

WorkerPool::~WorkerPool() { end(); }

void WorkerPool::end() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

WorkerPool::Posted WorkerPool::post(std::string share, std::function<void()> task) {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_ || tasks_.size() + running_ >= options_.threads + options_.max_queued) {
      ++rejected_;
      return Posted::queue_full;
    }
    if (!share.empty() && ++places_[share] > options_.max_per_share) {
      leave(share);
      ++rejected_;
      return Posted::share_used;
    }
    tasks_.push_back({std::move(share), std::move(task)});
  }
  wake_.notify_one();
  return Posted::taken;
}

// With the lock held.
void WorkerPool::leave(const std::string& share) {
  const auto place = places_.find(share);
  if (place != places_.end() && --place->second == 0) {
    places_.erase(place);
  }
}

std::size_t WorkerPool::queued() const {
  const std::lock_guard lock{mutex_};
  return tasks_.size();
}

std::size_t WorkerPool::running() const {
  const std::lock_guard lock{mutex_};
  return running_;
}

std::uint64_t WorkerPool::rejected() const {
  const std::lock_guard lock{mutex_};
  return rejected_;
}

void WorkerPool::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) {
      return;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ++running_;
    lock.unlock();
    try {
      task.run();
    } catch (...) {
      // A task answers its own errors; what escapes must not take the thread with it (I16).
    }
    task.run = nullptr;  // what it holds is let go before it counts as done, and without the lock
    lock.lock();
    --running_;
    leave(task.share);
  }
}

}  // namespace http
