#pragma once
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ca {

// Threads that work through a row of items together. They are made once, so that a system which has no
// threads left refuses the start and not, years later, the recovery from an outage.
class Crew {
 public:
  explicit Crew(std::size_t threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Calls `work` with 0 to count - 1, in any order, several at once; returns when all have returned. `work`
  // throws nothing. One caller at a time.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable offered_;
  std::condition_variable finished_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::size_t done_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ca
