#include "ca/authority/crew.hpp"

namespace ca {

Crew::Crew(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
  }
}

Crew::~Crew() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
    offered_.notify_all();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Crew::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::unique_lock lock{mutex_};
  work_ = &work;
  next_ = 0;
  count_ = count;
  done_ = 0;
  offered_.notify_all();
  finished_.wait(lock, [this] { return done_ == count_; });
  work_ = nullptr;
}

void Crew::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    offered_.wait(lock, [this] { return ending_ || (work_ != nullptr && next_ < count_); });
    if (ending_) {
      return;
    }
    const auto& work = *work_;
    const std::size_t item = next_++;
    lock.unlock();
    work(item);
    lock.lock();
    if (++done_ == count_) {
      finished_.notify_all();
    }
  }
}

}  // namespace ca
