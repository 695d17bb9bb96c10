#pragma once
// Internal: the calls into the module whose callers have left.
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace pkcs11 {

// Bounds them: per subject (the key that a call was about), so that a key whose calls hang takes only its
// share of threads and sessions from others, and in all. Thread-safe.
class LostCalls {
 public:
  explicit LostCalls(std::size_t most_of_one) : most_of_one_{most_of_one} {}

  // Throws Error{unavailable} while so many hang that one more would only be another.
  void refuse_more(const std::string& subject) const;
  void add(const std::string& subject);
  void came_back(const std::string& subject);
  void never_was(const std::string& subject);  // of add(): the call ended just then

  [[nodiscard]] std::uint64_t total() const { return total_; }  // since the start
  [[nodiscard]] std::size_t hanging() const { return hanging_; }

 private:
  const std::size_t most_of_one_;
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::size_t> hanging_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::size_t> by_subject_;
};

}  // namespace pkcs11
