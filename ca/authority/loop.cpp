#include "ca/authority/loop.hpp"

#include <algorithm>

namespace ca {

Loop::Loop(std::chrono::milliseconds shortest, std::function<Turn()> turn)
    : shortest_{shortest}, turn_{std::move(turn)} {}

Loop::~Loop() { stop(); }

void Loop::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Loop::wake() {
  const std::lock_guard lock{mutex_};
  woken_ = true;
  changed_.notify_all();
}

bool Loop::is_stopping() const {
  const std::lock_guard lock{mutex_};
  return stopping_;
}

void Loop::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Loop::run() {
  auto pause = std::chrono::milliseconds{0};
  while (true) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, pause, [this] { return stopping_ || woken_; });
      if (stopping_) {
        return;
      }
      woken_ = false;
    }
    switch (turn_()) {
      case Turn::idle:
        pause = kLongestPause;
        break;
      case Turn::progressed:
        pause = shortest_;
        break;
      case Turn::stuck:
        pause = pause == kLongestPause ? shortest_ : std::clamp(pause * 2, shortest_, kLongestPause);
        break;
    }
  }
}

}  // namespace ca
