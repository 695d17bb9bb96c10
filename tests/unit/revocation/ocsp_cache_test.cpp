#include "ca/revocation/ocsp_cache.hpp"

#include "ca/revocation/budget.hpp"
#include "tests/support/catch.hpp"

namespace {

const ca::Seconds kNow{std::chrono::seconds{1'795'521'600}};
const ca::Bytes kId{1, 2, 3};

ca::SharedOcspAnswer answer() {
  return std::make_shared<const ca::OcspAnswer>(ca::OcspAnswer{
      ca::OcspResult::good, {}, ca::OcspAnswer::Freshness{kNow, kNow + std::chrono::hours{4}, ""}});
}

bool keep(ca::OcspCache& cache, const ca::SerialNumber& serial) {
  const ca::OcspCache::Watch watch{cache, serial};
  return cache.keep(watch, kId, answer());
}

bool kept(ca::OcspCache& cache, const ca::SerialNumber& serial) {
  return cache.find_any(serial, kId, kNow) != nullptr;
}

}  // namespace

TEST_CASE("ocsp cache: it holds no more than its bound, and keeps what is asked for", "[revocation][I16]") {
  ca::OcspCache cache{160};
  const auto favourite = ca::SerialNumber::random();
  REQUIRE(keep(cache, favourite));
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(keep(cache, ca::SerialNumber::random()));
    REQUIRE(kept(cache, favourite));
  }
  CHECK(cache.size() <= 160);
  CHECK(cache.size() > 100);
}

TEST_CASE("ocsp cache: forgetting disturbs the watches of that serial only", "[revocation][I7]") {
  ca::OcspCache cache{160};
  const auto serial = ca::SerialNumber::random();
  const auto other = ca::SerialNumber::random();
  const ca::OcspCache::Watch before{cache, serial};
  const ca::OcspCache::Watch beside{cache, other};
  cache.forget(serial);
  const ca::OcspCache::Watch after{cache, serial};
  CHECK(before.disturbed());
  CHECK_FALSE(beside.disturbed());
  CHECK_FALSE(after.disturbed());
  CHECK_FALSE(cache.keep(before, kId, answer()));
  CHECK_FALSE(kept(cache, serial));
  CHECK(cache.keep(after, kId, answer()));
  CHECK(kept(cache, serial));
}

TEST_CASE("budget: a second's worth at once, then as time goes by", "[revocation][I16]") {
  ca::Budget budget{2, 1};
  const auto start = std::chrono::steady_clock::now();
  CHECK(budget.take("a", start));
  CHECK(budget.take("b", start));
  CHECK_FALSE(budget.take("a", start));
  CHECK(budget.take("a", start + std::chrono::milliseconds{500}));
  CHECK_FALSE(budget.take("b", start + std::chrono::milliseconds{500}));
  CHECK_FALSE(budget.take("b", start));  // a clock reading that is late
}

TEST_CASE("budget: a sender that asks on after its part takes nothing from the others", "[revocation][I16]") {
  ca::Budget budget{4, 0.25};
  const auto start = std::chrono::steady_clock::now();
  CHECK(budget.take("a", start));
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(budget.take("a", start));
  }
  CHECK(budget.take("b", start));
  CHECK(budget.take("c", start));
  CHECK(budget.take("d", start));
  CHECK_FALSE(budget.take("e", start));
}

TEST_CASE("budget: the smallest part is one question, however small the budget", "[revocation][I16]") {
  ca::Budget budget{1, 0.01};
  CHECK(budget.take("a", std::chrono::steady_clock::now()));
}

TEST_CASE("ocsp cache: while it is not known whether a certificate was revoked nothing about it is kept",
          "[revocation][I7]") {
  ca::OcspCache cache{160};
  const auto serial = ca::SerialNumber::random();
  const ca::OcspCache::Watch before{cache, serial};
  cache.distrust(serial);
  cache.distrust(serial);  // by two requests
  CHECK(keep(cache, serial));
  CHECK_FALSE(kept(cache, serial));
  CHECK(keep(cache, ca::SerialNumber::random()));
  const ca::OcspCache::Watch meanwhile{cache, serial};
  cache.trust(serial);
  CHECK(meanwhile.disturbed());  // it may have read the state from before the commit
  CHECK(keep(cache, serial));
  CHECK_FALSE(kept(cache, serial));
  cache.trust(serial);
  CHECK(keep(cache, serial));
  CHECK(kept(cache, serial));
}

TEST_CASE("ocsp cache: an answer from a time that the clock has not reached is not given", "[revocation]") {
  ca::OcspCache cache{160};
  const auto serial = ca::SerialNumber::random();
  REQUIRE(keep(cache, serial));
  CHECK(cache.find_any(serial, kId, kNow - std::chrono::seconds{1}) == nullptr);
  CHECK(cache.find(serial, kId, kNow - std::chrono::seconds{1}, ca::OcspCache::Refresh::left_to_others) ==
        nullptr);
}
