#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ca {

// A thread that takes one turn after another: at once when woken, otherwise after a pause that doubles while
// a turn leaves work undone without getting any further, from `shortest` to kLongestPause.
class Loop {
 public:
  enum class Turn {
    idle,        // nothing is left to do
    progressed,  // something was done, something is left
    stuck,       // everything that is left could not be done now
  };
  static constexpr std::chrono::milliseconds kLongestPause{5000};

  // `turn` throws nothing, and ends soon after is_stopping() has become true.
  Loop(std::chrono::milliseconds shortest, std::function<Turn()> turn);
  ~Loop();  // stops
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Once.
  void start();
  void wake();
  [[nodiscard]] bool is_stopping() const;
  // Waits for the turn under way. More than once is allowed.
  void stop();

 private:
  void run();

  const std::chrono::milliseconds shortest_;
  const std::function<Turn()> turn_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ca
