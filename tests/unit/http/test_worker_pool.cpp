#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>

#include "daemon/http/worker_pool.hpp"
#include "tests/support/catch.hpp"

namespace {

// Holds the threads of a pool until it is opened.
class Gate {
 public:
  void wait() {
    entered_.fetch_add(1);
    entered_.notify_all();
    opened_.wait(false);
  }
  void wait_for_entered(int count) {
    for (int seen = entered_.load(); seen < count; seen = entered_.load()) {
      entered_.wait(seen);
    }
  }
  void open() {
    opened_ = true;
    opened_.notify_all();
  }

 private:
  std::atomic<int> entered_{0};
  std::atomic<bool> opened_{false};
};

}  // namespace

TEST_CASE("worker pool: what does not fit is refused at once and counted", "[http][I16]") {
  Gate gate;
  std::atomic<int> ran{0};
  {
    http::WorkerPool pool{{.name = "small", .threads = 2, .max_queued = 3}};
    const auto task = [&] {
      gate.wait();
      ++ran;
    };
    CHECK(pool.try_post(task));
    CHECK(pool.try_post(task));
    gate.wait_for_entered(2);
    CHECK(pool.running() == 2);
    for (int i = 0; i < 3; ++i) {
      CHECK(pool.try_post(task));
    }
    CHECK(pool.queued() == 3);
    CHECK_FALSE(pool.try_post(task));
    CHECK_FALSE(pool.try_post(task));
    CHECK(pool.rejected() == 2);
    gate.open();
  }
  CHECK(ran == 5);
}

TEST_CASE("worker pool: one share cannot have every place", "[http][I16]") {
  using Posted = http::WorkerPool::Posted;
  Gate gate;
  std::atomic<int> ran{0};
  {
    http::WorkerPool pool{{.name = "shared", .threads = 1, .max_queued = 5}};
    CHECK(pool.options().max_per_share == 3);
    const auto task = [&] {
      gate.wait();
      ++ran;
    };
    CHECK(pool.post("a", task) == Posted::taken);
    gate.wait_for_entered(1);
    CHECK(pool.post("a", task) == Posted::taken);
    CHECK(pool.post("a", task) == Posted::taken);
    CHECK(pool.post("a", task) == Posted::share_used);
    CHECK(pool.post("b", task) == Posted::taken);
    CHECK(pool.try_post(task));
    CHECK(pool.post("b", task) == Posted::taken);
    CHECK(pool.post("b", task) == Posted::queue_full);
    CHECK(pool.rejected() == 2);
    gate.open();
  }
  CHECK(ran == 6);
}

TEST_CASE("worker pool: a place is given back when its task has ended", "[http][I16]") {
  http::WorkerPool pool{{.name = "shared", .threads = 1, .max_queued = 8, .max_per_share = 1}};
  for (int i = 0; i < 20; ++i) {
    std::promise<void> ran;
    REQUIRE(pool.post("a", [&] { ran.set_value(); }) == http::WorkerPool::Posted::taken);
    ran.get_future().get();
    std::promise<void> after;  // the one thread has left the first task behind when this one runs
    REQUIRE(pool.try_post([&] { after.set_value(); }));
    after.get_future().get();
  }
}

TEST_CASE("worker pool: a free thread takes a task even when nothing may wait", "[http]") {
  Gate gate;
  http::WorkerPool pool{{.name = "no-queue", .threads = 1, .max_queued = 0}};
  CHECK(pool.try_post([&] { gate.wait(); }));
  gate.wait_for_entered(1);
  CHECK_FALSE(pool.try_post([] {}));
  gate.open();
}

TEST_CASE("worker pool: tasks that throw anything leave every thread at work", "[http][I16]") {
  Gate gate;  // outlives the threads that stand at it
  http::WorkerPool pool{{.name = "throwing", .threads = 2, .max_queued = 100}};
  for (int i = 0; i < 20; ++i) {
    CHECK(pool.try_post([] { throw std::runtime_error{"escaped"}; }));
    CHECK(pool.try_post([] { throw 7; }));
  }
  CHECK(pool.try_post([&] { gate.wait(); }));
  CHECK(pool.try_post([&] { gate.wait(); }));
  gate.wait_for_entered(2);  // both threads live
  gate.open();
}

TEST_CASE("worker pool: its end runs what is queued", "[http]") {
  std::atomic<int> ran{0};
  {
    http::WorkerPool pool{{.name = "draining", .threads = 1, .max_queued = 100}};
    for (int i = 0; i < 50; ++i) {
      CHECK(pool.try_post([&] { ++ran; }));
    }
  }
  CHECK(ran == 50);
}

TEST_CASE("worker pool: what a task holds is let go on its thread before the pool forgets it", "[http]") {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  {
    http::WorkerPool pool{{.name = "holding", .threads = 1, .max_queued = 1}};
    CHECK(pool.try_post([kept = std::move(held)] {}));
  }
  CHECK(watch.expired());
}

TEST_CASE("worker pool: no threads means one", "[http]") {
  std::promise<void> ran;
  http::WorkerPool pool{{.name = "zero", .threads = 0, .max_queued = 1}};
  CHECK(pool.try_post([&] { ran.set_value(); }));
  ran.get_future().get();
  CHECK(pool.options().threads == 1);
}
