#include "ca/revocation/published_crls.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_clock.hpp"

using namespace std::chrono_literals;

namespace {

ca::PublishedCrl numbered(std::uint64_t number) {
  ca::PublishedCrl crl;
  crl.name = "series";
  crl.number = number;
  return crl;
}

}  // namespace

TEST_CASE("published crls: one with a larger number takes the place, never another", "[revocation][I8]") {
  test::FakeClock clock;
  ca::PublishedCrls crls{clock};
  crls.put(numbered(2));
  crls.put(numbered(1));
  CHECK(crls.find("series")->number == 2);
  CHECK(crls.find("another") == nullptr);
}

TEST_CASE("published crls: two of one second and two of a clock that was set back have different dates",
          "[revocation]") {
  test::FakeClock clock;
  ca::PublishedCrls crls{clock};
  std::vector<ca::Seconds> dates;
  const auto put = [&](std::uint64_t number) {
    crls.put(numbered(number));
    dates.push_back(crls.find("series")->modified);
  };
  put(1);
  CHECK(dates[0] > clock.now());  // it stood at no time before
  clock.advance(300ms);
  put(2);
  clock.advance(-60s);
  put(3);
  clock.advance(1h);
  put(4);
  CHECK(dates[0] < dates[1]);
  CHECK(dates[1] < dates[2]);
  CHECK(dates[3] == ca::to_seconds(clock.now()) + 1s);
}
