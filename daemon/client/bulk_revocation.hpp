#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ca/base/serial_number.hpp"
#include "daemon/client/service_client.hpp"

namespace client {

struct BulkOptions {
  unsigned concurrency = 8;
  std::optional<double> per_second;  // absent: as fast as it goes
  // How long one certificate is tried again while the trouble may pass; then the run ends.
  std::chrono::milliseconds patience{60'000};
  std::chrono::milliseconds first_pause{200};  // doubled up to kLongestPause, with jitter
};
inline constexpr std::chrono::milliseconds kLongestPause{5'000};

struct BulkCounts {
  std::uint64_t revoked = 0;
  std::uint64_t already_revoked = 0;  // by somebody else, meanwhile
  std::uint64_t failed = 0;
  [[nodiscard]] std::uint64_t done() const { return revoked + already_revoked + failed; }
};

// Revokes each certificate of a list once, on several threads. What concerns one certificate is counted as
// failed; what concerns all of them (no right, wrong secret, a daemon that stays away) ends the run. Nothing
// is remembered elsewhere: who goes on lists again what is not revoked yet.
class BulkRevocation {
 public:
  // Asks for one revocation; throws Code::unavailable when there was no answer. Each thread has its own.
  using Revoke = std::function<Reply(const ca::SerialNumber& serial)>;

  BulkRevocation(BulkOptions options, std::vector<ca::SerialNumber> serials,
                 const std::function<Revoke()>& make_revoke);
  ~BulkRevocation();  // stops and waits
  BulkRevocation(const BulkRevocation&) = delete;
  BulkRevocation& operator=(const BulkRevocation&) = delete;

  // No new certificate is begun; calls that run are waited for by the destructor. Thread-safe.
  void stop();
  // Whether every thread has ended, for whatever reason; waits at most so long. Thread-safe.
  [[nodiscard]] bool ended_within(std::chrono::milliseconds wait);

  [[nodiscard]] BulkCounts counts() const;
  struct Failure {
    ca::SerialNumber serial;
    std::string reason;
  };
  // The first hundred.
  [[nodiscard]] std::vector<Failure> failures() const;
  // Why the run ended before the list did; empty when it did not, or was stopped.
  [[nodiscard]] std::string gave_up() const;

 private:
  void work(const Revoke& revoke);
  [[nodiscard]] std::optional<ca::SerialNumber> next();
  void revoke_one(const Revoke& revoke, const ca::SerialNumber& serial);
  // False when the run is stopped meanwhile.
  [[nodiscard]] bool pause_until(std::chrono::steady_clock::time_point until);
  void settle(const ca::SerialNumber& serial, const Reply& reply, bool unanswered_before);
  void give_up(const std::string& reason);

  const BulkOptions options_;
  const std::vector<ca::SerialNumber> serials_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::size_t next_ = 0;
  std::chrono::steady_clock::time_point next_start_;  // of the rate
  unsigned running_ = 0;
  BulkCounts counts_;
  std::vector<Failure> failures_;
  std::string gave_up_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace client
