#include "pkcs11/call_threads.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "pkcs11/error.hpp"

namespace pkcs11 {

struct CallThreads::Worker {
  std::mutex mutex;
  std::condition_variable given;  // work, or the end
  std::condition_variable finished;
  std::function<void()> work;
  std::uint64_t calls_given = 0;
  std::uint64_t calls_finished = 0;
  bool ending = false;
  std::thread thread;  // joined while idle, else detached by itself

  // The thread's whole life.
  static void run(const std::shared_ptr<Worker>& self, const std::shared_ptr<Idle>& idle);
};

struct CallThreads::Idle {
  std::mutex mutex;
  std::vector<std::shared_ptr<Worker>> workers;  // the last is the one whose stack is warm
  bool ending = false;

  // False when nobody is there any more who would give it work.
  bool take_back(const std::shared_ptr<Worker>& worker) {
    const std::lock_guard lock{mutex};
    if (!ending) {
      workers.push_back(worker);
    }
    return !ending;
  }
};

void CallThreads::Worker::run(const std::shared_ptr<Worker>& self, const std::shared_ptr<Idle>& idle) {
  std::unique_lock lock{self->mutex};
  while (true) {
    self->given.wait(lock, [&self] { return self->work || self->ending; });
    if (!self->work) {
      return;
    }
    std::function<void()> work = std::exchange(self->work, nullptr);
    lock.unlock();
    work();
    work = nullptr;
    const bool left_behind = !idle->take_back(self);
    lock.lock();
    ++self->calls_finished;
    if (left_behind) {
      self->thread.detach();
      return;
    }
    lock.unlock();
    self->finished.notify_all();
    lock.lock();
  }
}

CallThreads::CallThreads() : idle_{std::make_shared<Idle>()} {}

CallThreads::~CallThreads() {
  std::vector<std::shared_ptr<Worker>> workers;
  {
    const std::lock_guard lock{idle_->mutex};
    idle_->ending = true;
    workers.swap(idle_->workers);
  }
  for (const auto& worker : workers) {
    {
      const std::lock_guard lock{worker->mutex};
      worker->ending = true;
    }
    worker->given.notify_one();
    worker->thread.join();
  }
}

bool CallThreads::run(std::function<void()> work, Deadline deadline) {
  std::shared_ptr<Worker> worker;
  {
    const std::lock_guard lock{idle_->mutex};
    if (!idle_->workers.empty()) {
      worker = std::move(idle_->workers.back());
      idle_->workers.pop_back();
    }
  }
  if (!worker) {
    worker = std::make_shared<Worker>();
    try {
      worker->thread = std::thread{[worker, idle = idle_] { Worker::run(worker, idle); }};
    } catch (const std::system_error& error) {
      throw Error{ErrorClass::busy, std::string{"no thread for a call into the module: "} + error.what()};
    }
  }
  std::unique_lock lock{worker->mutex};
  worker->work = std::move(work);
  const std::uint64_t ticket = ++worker->calls_given;
  lock.unlock();
  worker->given.notify_one();
  lock.lock();
  return worker->finished.wait_until(lock, deadline, [&] { return worker->calls_finished >= ticket; });
}

}  // namespace pkcs11
