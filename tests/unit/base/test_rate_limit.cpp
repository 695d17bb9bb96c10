#include "ca/base/rate_limit.hpp"
#include "tests/support/catch.hpp"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const ca::RateLimit::Time kStart{std::chrono::hours{1}};

int admitted(ca::RateLimit& limit, const std::string& share, int asked, ca::RateLimit::Time now) {
  int count = 0;
  for (int i = 0; i < asked; ++i) {
    count += limit.admit(share, now) ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("rate limit: a burst at once, then as time passes, and never more than the burst", "[base][I16]") {
  ca::RateLimit limit{10, 5};
  CHECK(admitted(limit, "a", 8, kStart) == 5);
  CHECK(admitted(limit, "a", 1, kStart + milliseconds{99}) == 0);
  CHECK(admitted(limit, "a", 8, kStart + milliseconds{200}) == 2);
  CHECK(admitted(limit, "a", 100, kStart + seconds{60}) == 5);
}

TEST_CASE("rate limit: one share takes nothing from another", "[base][I16]") {
  ca::RateLimit limit{10, 5};
  CHECK(admitted(limit, "a", 100, kStart) == 5);
  CHECK(admitted(limit, "b", 100, kStart) == 5);
}

TEST_CASE("rate limit: a flood of shares takes bounded memory and nobody's place for ever", "[base][I16]") {
  ca::RateLimit limit{1, 2};
  CHECK(admitted(limit, "early", 5, kStart) == 2);
  for (std::size_t i = 1; i < ca::RateLimit::kMaxBuckets; ++i) {
    REQUIRE(limit.admit("stranger " + std::to_string(i), kStart));
  }
  // No room: those who come now share one bucket.
  CHECK(admitted(limit, "late", 5, kStart) == 2);
  CHECK(admitted(limit, "later", 5, kStart) == 0);
  CHECK(admitted(limit, "early", 5, kStart) == 0);
  // The strangers are forgotten when their buckets are full again.
  CHECK(admitted(limit, "late", 5, kStart + seconds{10}) == 2);
  CHECK(admitted(limit, "later", 5, kStart + seconds{10}) == 2);
}
