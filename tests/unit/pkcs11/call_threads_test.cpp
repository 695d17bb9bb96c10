#include "pkcs11/call_threads.hpp"

#include <future>
#include <thread>

#include "pkcs11/error.hpp"
#include "pkcs11/lost_calls.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using pkcs11::CallThreads;
using pkcs11::Error;
using pkcs11::LostCalls;

namespace {

pkcs11::Deadline in(std::chrono::milliseconds length) { return std::chrono::steady_clock::now() + length; }

bool is_refused(const LostCalls& lost, const std::string& subject) {
  try {
    lost.refuse_more(subject);
  } catch (const Error& error) {
    CHECK(error.error_class() == pkcs11::ErrorClass::unavailable);
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("call threads: work runs elsewhere, and one after the other on the same thread", "[pkcs11]") {
  CallThreads threads;
  std::thread::id first;
  std::thread::id second;
  REQUIRE(threads.run([&] { first = std::this_thread::get_id(); }, in(20s)));
  REQUIRE(threads.run([&] { second = std::this_thread::get_id(); }, in(20s)));
  CHECK(first != std::this_thread::get_id());
  CHECK(first == second);
}

TEST_CASE("call threads: what the work holds is gone when it has ended", "[pkcs11]") {
  CallThreads threads;
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> seen = held;
  REQUIRE(threads.run([held = std::move(held)] {}, in(20s)));
  CHECK(seen.expired());
}

TEST_CASE("call threads: a call that hangs is left at the deadline and others go on", "[pkcs11][I16]") {
  auto threads = std::make_unique<CallThreads>();
  const auto end = std::make_shared<std::promise<void>>();
  const auto ended = std::make_shared<std::promise<void>>();
  auto waits = end->get_future().share();
  CHECK_FALSE(threads->run(
      [waits, ended] {
        waits.wait();
        ended->set_value();
      },
      in(10ms)));
  CHECK(threads->run([] {}, in(20s)));
  threads.reset();  // does not wait for it
  end->set_value();
  CHECK(ended->get_future().wait_for(20s) == std::future_status::ready);
}

TEST_CASE("call threads: the last owner may be a call that was left", "[pkcs11][I16]") {
  const auto end = std::make_shared<std::promise<void>>();
  auto waits = end->get_future().share();
  auto threads = std::make_shared<CallThreads>();
  const std::weak_ptr<CallThreads> seen = threads;
  CHECK_FALSE(threads->run([waits, owner = threads] { waits.wait(); }, in(10ms)));
  CHECK(threads->run([] {}, in(20s)));  // an idle thread to be joined by the one that comes back
  threads.reset();
  CHECK_FALSE(seen.expired());
  end->set_value();
  const auto limit = in(20s);
  while (!seen.expired() && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  CHECK(seen.expired());
}

TEST_CASE("lost calls: one subject has its share, all have theirs", "[pkcs11][I16]") {
  LostCalls lost{2};
  CHECK_FALSE(is_refused(lost, "a"));
  lost.add("a");
  CHECK_FALSE(is_refused(lost, "a"));
  lost.add("a");
  CHECK(is_refused(lost, "a"));
  CHECK_FALSE(is_refused(lost, "b"));
  for (const char* subject : {"b", "b", "c", "c", "d", "d"}) {
    lost.add(subject);
  }
  CHECK(is_refused(lost, "e"));
  CHECK(lost.hanging() == 8);
  lost.came_back("a");
  CHECK_FALSE(is_refused(lost, "a"));
  CHECK_FALSE(is_refused(lost, "e"));
  lost.never_was("b");
  CHECK(lost.total() == 7);
  CHECK(lost.hanging() == 6);
}
