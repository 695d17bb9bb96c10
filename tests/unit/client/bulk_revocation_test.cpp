#include "daemon/client/bulk_revocation.hpp"

#include <algorithm>
#include <set>

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

using client::BulkOptions;
using client::BulkRevocation;
using client::Reply;
using namespace std::chrono_literals;

namespace {

constexpr BulkOptions kHasty{.concurrency = 4, .per_second = {}, .patience = 10s, .first_pause = 1ms};

std::vector<ca::SerialNumber> serials(std::size_t count) {
  std::vector<ca::SerialNumber> made;
  std::generate_n(std::back_inserter(made), count, ca::SerialNumber::random);
  return made;
}

Reply served() { return {.status = 200}; }
Reply refused(const std::string& error, long status = 400) {
  return {.status = status, .body = "", .error = error, .detail = "words"};
}

// A daemon that answers each call by its number, from 0 on, and by the serial.
class Answering {
 public:
  using Answer = std::function<Reply(std::size_t call, const ca::SerialNumber& serial)>;
  explicit Answering(Answer answer) : answer_{std::move(answer)} {}

  std::function<BulkRevocation::Revoke()> maker() {
    return [this]() -> BulkRevocation::Revoke {
      return [this](const ca::SerialNumber& serial) {
        std::unique_lock lock{mutex_};
        const std::size_t call = calls_.size();
        calls_.push_back(serial);
        lock.unlock();
        return answer_(call, serial);
      };
    };
  }
  std::vector<ca::SerialNumber> calls() {
    const std::lock_guard lock{mutex_};
    return calls_;
  }

 private:
  Answer answer_;
  std::mutex mutex_;
  std::vector<ca::SerialNumber> calls_;
};

}  // namespace

TEST_CASE("bulk: each certificate is asked for once", "[client]") {
  Answering daemon{[](auto, const auto&) { return served(); }};
  const auto wanted = serials(500);
  BulkRevocation bulk{kHasty, wanted, daemon.maker()};
  REQUIRE(bulk.ended_within(20s));
  auto calls = daemon.calls();
  CHECK(std::set(calls.begin(), calls.end()) == std::set(wanted.begin(), wanted.end()));
  CHECK(calls.size() == 500);
  CHECK(bulk.counts().revoked == 500);
  CHECK(bulk.gave_up().empty());
}

TEST_CASE("bulk: what may pass is tried again, also an answer that never came", "[client]") {
  Answering daemon{[](std::size_t call, const auto&) -> Reply {
    switch (call % 5) {
      case 0:
        return refused("status 503", 503);
      case 1:
        return refused("ThrottlingException");
      case 2:
        throw ca::Error{ca::Code::unavailable, "reset"};
      default:
        return served();
    }
  }};
  BulkRevocation bulk{kHasty, serials(50), daemon.maker()};
  REQUIRE(bulk.ended_within(20s));
  CHECK(bulk.counts().revoked == 50);
  CHECK(bulk.counts().failed == 0);
}

TEST_CASE("bulk: a revocation whose answer was lost is not somebody else's", "[client]") {
  Answering daemon{[](std::size_t call, const auto&) -> Reply {
    if (call == 0) {
      throw ca::Error{ca::Code::unavailable, "reset"};
    }
    return refused("RequestAlreadyProcessedException");
  }};
  auto one_by_one = kHasty;
  one_by_one.concurrency = 1;
  BulkRevocation bulk{one_by_one, serials(2), daemon.maker()};
  REQUIRE(bulk.ended_within(20s));
  CHECK(bulk.counts().revoked == 1);
  CHECK(bulk.counts().already_revoked == 1);
  CHECK(bulk.counts().failed == 0);
}

TEST_CASE("bulk: what concerns one certificate is counted and the rest goes on", "[client]") {
  const auto wanted = serials(20);
  Answering daemon{[&](std::size_t, const ca::SerialNumber& serial) {
    return serial == wanted[3] ? refused("RequestInProgressException") : served();
  }};
  BulkRevocation bulk{kHasty, wanted, daemon.maker()};
  REQUIRE(bulk.ended_within(20s));
  CHECK(bulk.counts().revoked == 19);
  REQUIRE(bulk.failures().size() == 1);
  CHECK(bulk.failures()[0].serial == wanted[3]);
  CHECK(bulk.failures()[0].reason == "RequestInProgressException: words");
}

TEST_CASE("bulk: what concerns all of them ends the run", "[client]") {
  for (const auto& [error, status] : {std::pair{"AccessDeniedException", 400L},
                                      {"InvalidSignatureException", 403L},
                                      {"InvalidStateException", 400L},
                                      {"status 404", 404L},
                                      {"status 302", 302L}}) {
    CAPTURE(error);
    Answering daemon{
        [&](std::size_t call, const auto&) { return call == 5 ? refused(error, status) : served(); }};
    BulkRevocation bulk{kHasty, serials(1000), daemon.maker()};
    REQUIRE(bulk.ended_within(20s));
    CHECK(bulk.gave_up() == std::string{error} + ": words");
    CHECK(bulk.counts().done() < 1000);
    CHECK(bulk.counts().failed == 0);
  }
}

TEST_CASE("bulk: a daemon that stays away ends the run when patience does", "[client]") {
  Answering daemon{[](auto, const auto&) -> Reply {
    throw ca::Error{ca::Code::unavailable, "nobody there"};
  }};
  auto options = kHasty;
  options.patience = 20ms;
  BulkRevocation bulk{options, serials(100), daemon.maker()};
  REQUIRE(bulk.ended_within(20s));
  CHECK(bulk.gave_up() == "nobody there");
  CHECK(bulk.counts().done() == 0);
}

TEST_CASE("bulk: a stop waits for the calls that run and begins no other", "[client]") {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  std::size_t inside = 0;
  Answering daemon{[&](auto, const auto&) {
    std::unique_lock lock{mutex};
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
    return served();
  }};
  BulkRevocation bulk{kHasty, serials(100), daemon.maker()};
  {
    std::unique_lock lock{mutex};
    REQUIRE(changed.wait_for(lock, 20s, [&] { return inside == 4; }));
  }
  bulk.stop();
  CHECK_FALSE(bulk.ended_within(0ms));
  {
    const std::lock_guard lock{mutex};
    open = true;
    changed.notify_all();
  }
  REQUIRE(bulk.ended_within(20s));
  CHECK(bulk.counts().revoked == 4);
  CHECK(daemon.calls().size() == 4);
  CHECK(bulk.gave_up().empty());
}

TEST_CASE("bulk: a rate is kept by all threads together", "[client]") {
  Answering daemon{[](auto, const auto&) { return served(); }};
  auto slow = kHasty;
  slow.per_second = 100;
  const auto begin = std::chrono::steady_clock::now();
  BulkRevocation bulk{slow, serials(21), daemon.maker()};
  REQUIRE(bulk.ended_within(20s));
  CHECK(std::chrono::steady_clock::now() - begin >= 200ms);
  CHECK(bulk.counts().revoked == 21);
}

TEST_CASE("bulk: a stop ends a pause", "[client]") {
  Answering daemon{[](auto, const auto&) { return served(); }};
  auto slow = kHasty;
  slow.per_second = 0.01;
  BulkRevocation bulk{slow, serials(10), daemon.maker()};
  bulk.stop();
  CHECK(bulk.ended_within(20s));
  CHECK(bulk.counts().done() <= 1);
}
