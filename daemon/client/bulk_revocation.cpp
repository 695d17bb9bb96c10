#include "daemon/client/bulk_revocation.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "ca/base/error.hpp"

namespace client {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kKeptFailures = 100;

// Refusals that say something about this one certificate.
bool concerns_one(const Reply& reply) {
  static constexpr std::array<std::string_view, 4> kOne{"ResourceNotFoundException", "RequestFailedException",
                                                        "RequestInProgressException",
                                                        "InvalidRequestException"};
  return std::ranges::find(kOne, reply.error) != kOne.end();
}

std::string words_of(const Reply& reply) {
  return reply.error + (reply.detail.empty() ? "" : ": " + reply.detail);
}

// Half of it to all of it: threads that failed together must not come back together.
milliseconds with_jitter(milliseconds pause) {
  std::random_device entropy;
  std::uniform_int_distribution<std::int64_t> some{pause.count() / 2, pause.count()};
  return milliseconds{some(entropy)};
}

}  // namespace

BulkRevocation::BulkRevocation(BulkOptions options, std::vector<ca::SerialNumber> serials,
                               const std::function<Revoke()>& make_revoke)
    : options_{options}, serials_{std::move(serials)}, next_start_{SteadyClock::now()} {
  const std::size_t threads =
      std::min<std::size_t>(std::max(1U, options_.concurrency), std::max<std::size_t>(1, serials_.size()));
  running_ = static_cast<unsigned>(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, revoke = make_revoke()] { work(revoke); });
  }
}

BulkRevocation::~BulkRevocation() { stop(); }

void BulkRevocation::stop() {
  const std::lock_guard lock{mutex_};
  stopping_ = true;
  changed_.notify_all();
}

bool BulkRevocation::ended_within(milliseconds wait) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, wait, [&] { return running_ == 0; });
}

BulkCounts BulkRevocation::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

std::vector<BulkRevocation::Failure> BulkRevocation::failures() const {
  const std::lock_guard lock{mutex_};
  return failures_;
}

std::string BulkRevocation::gave_up() const {
  const std::lock_guard lock{mutex_};
  return gave_up_;
}

void BulkRevocation::work(const Revoke& revoke) {
  try {
    while (const auto serial = next()) {
      revoke_one(revoke, *serial);
    }
  } catch (const std::exception& error) {
    give_up(error.what());
  }
  const std::lock_guard lock{mutex_};
  --running_;
  changed_.notify_all();
}

std::optional<ca::SerialNumber> BulkRevocation::next() {
  std::unique_lock lock{mutex_};
  if (stopping_ || next_ == serials_.size()) {
    return std::nullopt;
  }
  const ca::SerialNumber serial = serials_[next_++];
  if (!options_.per_second) {
    return serial;
  }
  const auto interval = std::chrono::duration_cast<SteadyClock::duration>(
      std::chrono::duration<double>{1 / *options_.per_second});
  const auto start = std::max(next_start_, SteadyClock::now());
  next_start_ = start + interval;
  lock.unlock();
  return pause_until(start) ? std::optional{serial} : std::nullopt;
}

bool BulkRevocation::pause_until(SteadyClock::time_point until) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_until(lock, until, [&] { return stopping_; });
}

void BulkRevocation::revoke_one(const Revoke& revoke, const ca::SerialNumber& serial) {
  const auto patience_ends = SteadyClock::now() + options_.patience;
  milliseconds pause = options_.first_pause;
  bool unanswered = false;
  while (true) {
    std::string trouble;
    milliseconds wanted{0};
    try {
      const Reply reply = revoke(serial);
      if (!reply.may_pass()) {
        settle(serial, reply, unanswered);
        return;
      }
      trouble = words_of(reply);
      wanted = std::chrono::seconds{reply.retry_after_seconds};
    } catch (const ca::Error& error) {
      if (error.code() != ca::Code::unavailable) {
        throw;
      }
      trouble = error.what();
      unanswered = true;
    }
    const auto again = SteadyClock::now() + std::max(with_jitter(pause), wanted);
    if (again >= patience_ends) {
      give_up(trouble);
      return;
    }
    if (!pause_until(again)) {
      return;
    }
    pause = std::min(2 * pause, kLongestPause);
  }
}

void BulkRevocation::settle(const ca::SerialNumber& serial, const Reply& reply, bool unanswered_before) {
  if (reply.status != 200 && reply.error != "RequestAlreadyProcessedException" && !concerns_one(reply)) {
    give_up(words_of(reply));
    return;
  }
  const std::lock_guard lock{mutex_};
  // A revocation whose answer was lost is ours all the same.
  if (reply.status == 200 || (reply.error == "RequestAlreadyProcessedException" && unanswered_before)) {
    ++counts_.revoked;
  } else if (reply.error == "RequestAlreadyProcessedException") {
    ++counts_.already_revoked;
  } else {
    ++counts_.failed;
    if (failures_.size() < kKeptFailures) {
      failures_.push_back({serial, words_of(reply)});
    }
  }
}

void BulkRevocation::give_up(const std::string& reason) {
  const std::lock_guard lock{mutex_};
  if (gave_up_.empty()) {
    gave_up_ = reason;
  }
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace client
