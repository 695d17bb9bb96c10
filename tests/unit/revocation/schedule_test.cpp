#include "ca/revocation/crl_places.hpp"
#include "ca/revocation/crl_schedule.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using ca::CrlDue;

namespace {

constexpr ca::TimePoint kNow{1795521600000ms};

ca::CrlConfiguration weekly(ca::CrlType type = ca::CrlType::complete) {
  ca::CrlConfiguration configuration;
  configuration.enabled = true;
  configuration.expiration_days = 7;
  configuration.type = type;
  return configuration;
}

ca::CrlRecord complete() {
  return {.authority = {}, .name = "c", .complete = true, .uri = {}, .key = {}, .number = 1};
}

ca::CrlRecord partition() {
  auto crl = complete();
  crl.complete = false;
  crl.certificates = 3;
  crl.last_not_after = ca::to_seconds(kNow + 24h * 30);
  return crl;
}

ca::CrlRecord issued(ca::CrlRecord crl, ca::TimePoint at) {
  crl.issued = ca::CrlRecord::Issued{.number = 1,
                                     .issued_at = at,
                                     .next_update = ca::to_seconds(at + 24h * 7),
                                     .scheduled_at = at,
                                     .previous_scheduled_at = at - 24h * 3};
  return crl;
}

}  // namespace

TEST_CASE("crl schedule: the first is due at once, the next at half-life, exactly", "[revocation][I7]") {
  CHECK(crl_due(complete(), weekly(), kNow) == CrlDue::time);
  const auto crl = issued(complete(), kNow);
  CHECK(crl_due(crl, weekly(), kNow) == CrlDue::no);
  CHECK(crl_due(crl, weekly(), kNow + 84h - 1ms) == CrlDue::no);
  CHECK(crl_due(crl, weekly(), kNow + 84h) == CrlDue::time);
}

TEST_CASE("crl schedule: one from a time that the clock has not reached is replaced", "[revocation]") {
  const auto crl = issued(complete(), kNow);
  CHECK(crl_due(crl, weekly(), kNow - 30s) == CrlDue::no);
  CHECK(crl_due(crl, weekly(), kNow - 61s) == CrlDue::time);
}

TEST_CASE("crl schedule: a shorter life in the configuration counts at once", "[revocation]") {
  auto daily = weekly();
  daily.expiration_days = 1;
  CHECK(crl_due(issued(complete(), kNow), daily, kNow + 12h) == CrlDue::time);
}

TEST_CASE("crl schedule: news are due, and do not move what is due by time", "[revocation][I7]") {
  auto crl = issued(complete(), kNow);
  crl.revocations = 1;
  CHECK(crl_due(crl, weekly(), kNow) == CrlDue::news);
  crl.issued->covered = 1;
  CHECK(crl_due(crl, weekly(), kNow) == CrlDue::no);
  crl.issued->issued_at = kNow + 80h;  // a CRL for a revocation came between
  crl.issued->next_update = ca::to_seconds(kNow + 80h + 24h * 7);
  CHECK(crl_due(crl, weekly(), kNow + 84h) == CrlDue::time);
}

TEST_CASE("crl schedule: an entry goes only after a CRL by time listed it beyond its end",
          "[revocation][I7]") {
  CHECK(crl_ends_from(complete(), CrlDue::time, kNow) == ca::Seconds{});
  const auto crl = issued(complete(), kNow);
  CHECK(crl_ends_from(crl, CrlDue::time, kNow + 84h) == ca::to_seconds(kNow));
  CHECK(crl_ends_from(crl, CrlDue::news, kNow) == ca::to_seconds(kNow - 24h * 3));
}

TEST_CASE("crl schedule: a partition lasts until one CRL by time after its last certificate",
          "[revocation]") {
  auto crl = partition();
  const auto configuration = weekly(ca::CrlType::partitioned);
  CHECK(crl_due(crl, configuration, kNow) == CrlDue::time);
  crl.certificates = 0;
  CHECK(crl_due(crl, configuration, kNow) == CrlDue::no);
  crl = issued(partition(), kNow + 24h * 29);
  CHECK(crl_due(crl, configuration, kNow + 24h * 60) == CrlDue::time);
  crl = issued(partition(), kNow + 24h * 31);
  CHECK(crl_due(crl, configuration, kNow + 24h * 60) == CrlDue::no);
}

TEST_CASE("crl schedule: behind a switch to partitions the complete CRL goes on for those that name it",
          "[revocation][I7]") {
  auto crl = complete();
  CHECK(crl_due(crl, weekly(ca::CrlType::partitioned), kNow) == CrlDue::no);
  crl.certificates = 1;
  crl.last_not_after = ca::to_seconds(kNow + 1h);
  CHECK(crl_due(crl, weekly(ca::CrlType::partitioned), kNow) == CrlDue::time);
}

TEST_CASE("crl schedule: a clock that was ahead takes no living certificate from its list",
          "[revocation][I7]") {
  auto crl = issued(partition(), kNow + 24h * 35);  // its last certificate ends in 30 days
  const auto configuration = weekly(ca::CrlType::partitioned);
  CHECK(crl_due(crl, configuration, kNow) == CrlDue::time);
  CHECK(crl_ends_from(crl, CrlDue::time, kNow) == ca::to_seconds(kNow));
  crl.issued->previous_scheduled_at = kNow + 24h * 35;
  CHECK(crl_ends_from(crl, CrlDue::news, kNow) == ca::to_seconds(kNow));
}

TEST_CASE("crl schedule: one that is switched off lives on its own terms while certificates name it",
          "[revocation][I7]") {
  const ca::CrlConfiguration off;
  CHECK(crl_due(complete(), off, kNow) == CrlDue::no);
  auto crl = complete();
  crl.certificates = 1;
  crl.last_not_after = ca::to_seconds(kNow + 24h * 30);
  CHECK(crl_due(crl, off, kNow) == CrlDue::time);
  CHECK(crl_life(crl, off) == std::chrono::days{7});
  crl = issued(crl, kNow + 1ms);
  crl.issued->next_update = ca::to_seconds(kNow) + 24h * 20;
  CHECK(crl_life(crl, off) == std::chrono::days{20});
  CHECK(crl_due(crl, off, kNow + 24h * 9) == CrlDue::no);
  CHECK(crl_due(crl, off, kNow + 24h * 10) == CrlDue::time);
  crl.issued->scheduled_at = kNow + 24h * 31;
  CHECK(crl_due(crl, off, kNow + 24h * 60) == CrlDue::no);
}

TEST_CASE("crl places: each is kept until one CRL by time after its last certificate", "[revocation][I7]") {
  using Targets = std::set<ca::CrlTarget>;
  auto configuration = weekly();
  configuration.custom_path = "now";
  auto crl = issued(complete(), kNow);
  crl.certificates = 2;
  crl.last_not_after = ca::to_seconds(kNow + 24h * 30);
  crl.places = {{"old", "crl/c.crl", ca::to_seconds(kNow - 24h)}, {"", "listener/c.crl", crl.last_not_after}};
  CHECK(crl_targets(crl, configuration, kNow) == Targets{{"old", "crl/c.crl"}});
  configuration.bucket = "new";
  CHECK(crl_targets(crl, configuration, kNow) ==
        Targets{{"new", "crl/c.crl"}, {"new", "listener/c.crl"}, {"new", "now/c.crl"}, {"old", "crl/c.crl"}});
  crl.issued->previous_scheduled_at = kNow - 23h;  // the last CRL was the second after the end
  CHECK(crl_targets(crl, configuration, kNow) == Targets{{"new", "listener/c.crl"}, {"new", "now/c.crl"}});
  crl.issued->previous_scheduled_at = kNow + 24h * 60;  // by a clock that was ahead
  CHECK(crl_targets(crl, configuration, kNow).contains({"new", "listener/c.crl"}));
}

TEST_CASE("crl places: the last CRL of a series that has ended is published until it is over",
          "[revocation]") {
  const ca::CrlConfiguration off;
  auto crl = issued(partition(), kNow + 24h * 31);
  crl.places = {{"old", "crl/c.crl", crl.last_not_after}};
  const ca::TimePoint ended = kNow + 24h * 32;
  CHECK_FALSE(crl_lives(crl, off, ended));
  CHECK(crl_targets(crl, off, ended).size() == 1);
  CHECK(crl_targets(crl, off, kNow + 24h * 39).empty());
}
