#include <atomic>
#include <future>
#include <stdexcept>

#include "daemon/http/worker_pool.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("pool: a full queue refuses and counts and what was taken runs", "[http][I16]") {
  std::promise<void> release;
  const auto gate = release.get_future().share();
  std::promise<void> started;
  std::atomic<int> done{0};
  {
    http::WorkerPool pool{{.name = "test", .threads = 1, .max_queued = 2}};
    REQUIRE(pool.try_post([&, gate] {
      started.set_value();
      gate.wait();
      ++done;
    }));
    started.get_future().wait();
    CHECK(pool.try_post([&] { ++done; }));
    CHECK(pool.try_post([&] { ++done; }));
    CHECK_FALSE(pool.try_post([&] { ++done; }));
    CHECK(pool.rejected() == 1);
    CHECK(pool.queued() == 2);
    release.set_value();
  }
  CHECK(done == 3);
}

TEST_CASE("pool: a task that throws does not take its thread with it", "[http][I16]") {
  std::promise<void> after;
  http::WorkerPool pool{{.name = "test", .threads = 1, .max_queued = 8}};
  REQUIRE(pool.try_post([] { throw std::runtime_error{"boom"}; }));
  REQUIRE(pool.try_post([&] { after.set_value(); }));
  after.get_future().wait();
  SUCCEED();
}
