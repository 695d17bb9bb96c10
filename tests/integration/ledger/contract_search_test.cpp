// What every store must do, whatever it is made of: searches among the certificates of an authority.
#include <algorithm>

#include "ca/base/error.hpp"
#include "tests/integration/ledger/world.hpp"

using test::for_device;
using test::World;
using namespace std::chrono_literals;

namespace {

std::vector<ca::SerialNumber> found(const World& world, const ca::CertificateFilter& filter,
                                    std::size_t limit = 1000) {
  std::vector<ca::SerialNumber> serials;
  ca::CertificateSearch search{
      .authority = world.authority.arn, .filter = filter, .after = {}, .limit = limit};
  do {
    const auto page = world.inventory().find_certificates(search);
    CHECK(page.certificates.size() <= limit);
    for (const auto& certificate : page.certificates) {
      serials.push_back(certificate.serial);
    }
    search.after = page.last_examined;
  } while (search.after);
  return serials;
}

}  // namespace

TEST_CASE("search: a page holds what fits, in order of arrival, and pages together hold all of it",
          "[inventory]") {
  World world;
  std::vector<ca::SerialNumber> all;
  std::vector<ca::SerialNumber> servers;
  for (int i = 0; i < 11; ++i) {
    auto record = world.new_certificate();
    record.template_name = i % 3 == 0 ? "EndEntityServerAuthCertificate" : "EndEntityCertificate";
    REQUIRE(world.commit(test::insert(record)) == "applied");
    all.push_back(record.serial);
    if (i % 3 == 0) {
      servers.push_back(record.serial);
    }
  }
  for (const std::size_t limit : {1, 2, 3, 11, 12}) {
    CAPTURE(limit);
    CHECK(found(world, {}, limit) == all);
    CHECK(found(world, {.template_name = "EndEntityServerAuthCertificate"}, limit) == servers);
    CHECK(found(world, {.template_name = "RootCACertificate"}, limit).empty());
  }
}

TEST_CASE("search: certificates of many devices come in pages, each once", "[inventory]") {
  World world;
  ca::CertificateFilter filter;
  std::vector<ca::SerialNumber> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string device = "pump-" + std::to_string(i % 8);
    const auto record = for_device(world.new_certificate(), device);
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i % 8 < 5) {
      expected.push_back(record.serial);
    }
  }
  for (const char* device : {"pump-4", "pump-0", "pump-3", "pump-1", "pump-2", "pump-1", "pump-99"}) {
    filter.device_ids.emplace_back(device);
  }
  for (const std::size_t limit : {1, 3, 7, 25, 26}) {
    CAPTURE(limit);
    CHECK(found(world, filter, limit) == expected);
  }
}

TEST_CASE("search: a page that ends inside one device's certificates repeats nothing of another's",
          "[inventory]") {
  World world;
  ca::CertificateFilter filter{.device_ids = {"pump-a", "pump-b"}, .template_name = "CodeSigningCertificate"};
  for (int i = 0; i < 198; ++i) {  // so many that a call looks at 100 certificates of each
    filter.device_ids.push_back("absent-" + std::to_string(i));
  }
  std::vector<ca::SerialNumber> expected;
  for (int i = 0; i < 152; ++i) {
    auto record = for_device(world.new_certificate(), i == 150 ? "pump-b" : "pump-a");
    record.template_name = i < 150 ? "EndEntityCertificate" : "CodeSigningCertificate";
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i >= 150) {
      expected.push_back(record.serial);
    }
  }
  CHECK(found(world, filter) == expected);
}

TEST_CASE("search: key, state and time of issue select together", "[inventory]") {
  World world;
  std::vector<ca::CertificateRecord> records;
  std::vector<ca::TimePoint> times;
  for (int i = 0; i < 6; ++i) {
    records.push_back(for_device(world.new_certificate(), i < 4 ? "pump-1" : "pump-2"));
    REQUIRE(world.commit(test::insert(records.back())) == "applied");
    times.push_back(world.now());
    if (i != 5) {
      REQUIRE(world.commit(test::issued(records.back(), world.now())) == "applied");
    }
    world.backend->clock.advance(1h);
  }
  REQUIRE(world.commit(test::revoked(records[1], world.now())) == "applied");
  const auto serials = [&](std::initializer_list<std::size_t> numbers) {
    std::vector<ca::SerialNumber> list;
    for (const std::size_t number : numbers) {
      list.push_back(records[number].serial);
    }
    return list;
  };
  using State = ca::CertificateState;
  CHECK(found(world, {.key_hash = records[0].key_hash}) == serials({0, 1, 2, 3}));
  CHECK(found(world, {.key_hash = records[0].key_hash, .state = State::issued}) == serials({0, 2, 3}));
  CHECK(found(world, {.state = State::revoked}) == serials({1}));
  CHECK(found(world, {.state = State::pending}) == serials({5}));
  CHECK(found(world, {.issued_from = times[2]}) == serials({2, 3, 4}));
  CHECK(found(world, {.issued_before = times[2]}) == serials({0, 1}));
  CHECK(found(world, {.issued_from = times[1], .issued_before = times[4], .state = State::issued}) ==
        serials({2, 3}));
  CHECK(found(world, {.device_ids = {"pump-2"}, .key_hash = records[0].key_hash}).empty());

  const auto page = world.inventory().find_certificates(
      {.authority = world.authority.arn, .filter = {.state = State::revoked}, .after = {}});
  REQUIRE(page.certificates.size() == 1);
  const auto& only = page.certificates.front();
  CHECK(only.device_id == "pump-1");
  CHECK(only.key_hash == records[1].key_hash);
  CHECK(only.template_name == "EndEntityCertificate");
  CHECK(only.subject == records[1].subject);
  CHECK(only.validity == records[1].validity);
  CHECK(only.issued_at == times[1]);
  CHECK(only.revoked_at == world.now());
  CHECK(only.revocation_reason == ca::RevocationReason::key_compromise);
}

TEST_CASE("search: another authority's certificates, and its cursors, are not this one's",
          "[inventory][I15]") {
  World world;
  const auto mine = world.new_certificate();
  REQUIRE(world.commit(test::insert(mine)) == "applied");
  const auto other = test::make_authority(world.now(), "999900001111");
  REQUIRE(world.commit(test::insert(other)) == "applied");
  const auto theirs = for_device(test::make_certificate(other, world.now()), "pump-7");
  REQUIRE(world.commit(test::insert(theirs)) == "applied");
  CHECK(found(world, {}) == std::vector{mine.serial});
  CHECK(found(world, {.device_ids = {"pump-7"}}).empty());
  auto arn = world.authority.arn;
  arn.account = "999900001111";
  CHECK(world.inventory()
            .find_certificates({.authority = arn, .filter = {}, .after = {}})
            .certificates.empty());
  try {
    (void)world.inventory().find_certificates(
        {.authority = world.authority.arn, .filter = {}, .after = theirs.serial});
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::invalid_next_token);
  }
}
