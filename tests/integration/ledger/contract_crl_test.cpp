// What every store must do, whatever it is made of: series of CRLs and what they list.
#include "ca/base/error.hpp"
#include "tests/integration/ledger/world.hpp"

using namespace std::chrono_literals;
using test::World;

namespace {

ca::CrlRecord complete_of(const ca::AuthorityRecord& authority) {
  return {.authority = authority.arn,
          .name = authority.arn.id,
          .complete = true,
          .key = "crl/" + authority.arn.id + ".crl"};
}

ca::CrlRecord new_partition(const ca::AuthorityRecord& authority) {
  const std::string name = ca::random_uuid();
  return {.authority = authority.arn,
          .name = name,
          .uri = "http://crl.example.test/crl/" + name + ".crl",
          .key = "crl/" + name + ".crl"};
}

ca::NamedCrl at(const ca::CrlRecord& crl, const std::string& bucket = "") {
  return {crl.name, bucket, crl.key};
}

ca::LedgerEntry inserted(const ca::CrlRecord& crl) {
  return {ca::InsertCrl{crl}, {test::event_of("crl.opened")}};
}

ca::LedgerEntry intended(const ca::CrlRecord& crl, std::uint64_t number) {
  return {ca::IntendCrl{crl.name, number}, {test::event_of("crl.signing")}};
}

ca::CrlRecord::Issued signed_as(std::uint64_t number, ca::TimePoint now, std::uint64_t covered = 0) {
  return {.number = number,
          .covered = covered,
          .entries = 3,
          .issued_at = now,
          .next_update = ca::to_seconds(now + 24h),
          .scheduled_at = now,
          .previous_scheduled_at = now - 1h,
          .sha256 = ca::sha256(ca::bytes_of(std::to_string(number)))};
}

ca::LedgerEntry signed_crl(const ca::CrlRecord& crl, const ca::CrlRecord::Issued& issued) {
  return {ca::MarkCrlIssued{crl.name, issued}, {test::event_of("crl.issued")}};
}

ca::LedgerEntry naming(const ca::CertificateRecord& record, std::optional<ca::NamedCrl> crl) {
  auto entry = test::insert(record);
  std::get<ca::InsertPending>(entry.change).crl = std::move(crl);
  return entry;
}

// A certificate that names that CRL, ISSUED.
ca::CertificateRecord issue(World& world, std::optional<ca::NamedCrl> crl, std::chrono::hours life = 24h) {
  auto record = world.new_certificate();
  record.validity.not_after = ca::to_seconds(world.now() + life);
  auto entry = naming(record, std::move(crl));
  REQUIRE(world.commit(std::move(entry)) == "applied");
  REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
  return record;
}

struct Listed {
  std::vector<std::string> serials;
  std::uint64_t revocations = 0;
};

Listed listed(World& world, const ca::CrlRecord& crl, ca::Seconds ends_from = {}) {
  Listed found;
  found.revocations = world.inventory().revoked(crl, ends_from, [&](const ca::Inventory::Revoked& entry) {
    CHECK(entry.reason == ca::RevocationReason::key_compromise);
    found.serials.push_back(entry.serial.hex());
  });
  return found;
}

std::vector<std::string> serials_of(std::vector<ca::CertificateRecord> records) {
  std::vector<std::string> serials;
  for (const auto& record : records) {
    serials.push_back(record.serial.hex());
  }
  std::sort(serials.begin(), serials.end());
  return serials;
}

}  // namespace

TEST_CASE("ledger: a CRL number is taken once and only above all before it, also after a restart",
          "[ledger][I8]") {
  World world;
  const auto crl = complete_of(world.authority);
  CHECK(world.commit(intended(crl, 1)) == "missing");
  REQUIRE(world.commit(inserted(crl)) == "applied");
  CHECK(world.commit(inserted(crl)) == "existing");
  REQUIRE(world.commit(intended(crl, 1000)) == "applied");
  CHECK(world.commit(intended(crl, 1000)) == "stale");
  CHECK(world.commit(intended(crl, 999)) == "stale");
  world.backend->reopen();
  CHECK(world.commit(intended(crl, 1000)) == "stale");
  CHECK(world.commit(intended(crl, 1001)) == "applied");
  const auto events = world.events();
  CHECK(world.commit(intended(crl, 7)) == "stale");
  CHECK(world.events() == events);
}

TEST_CASE("ledger: the last CRL of a series is the one with the highest number that was intended",
          "[ledger][I8]") {
  World world;
  const auto crl = complete_of(world.authority);
  REQUIRE(world.commit(inserted(crl)) == "applied");
  REQUIRE(world.commit(intended(crl, 5)) == "applied");
  REQUIRE(world.commit(intended(crl, 6)) == "applied");
  CHECK(world.commit(signed_crl(crl, signed_as(7, world.now()))) == "wrong_state");
  REQUIRE(world.commit(signed_crl(crl, signed_as(6, world.now()))) == "applied");
  CHECK(world.commit(signed_crl(crl, signed_as(6, world.now()))) == "wrong_state");
  CHECK(world.commit(signed_crl(crl, signed_as(5, world.now()))) == "wrong_state");
  world.backend->reopen();
  const auto stored = world.inventory().crls(world.authority.arn);
  REQUIRE(stored.size() == 1);
  auto expected = crl;
  expected.number = 6;
  expected.issued = signed_as(6, world.now());
  CHECK(stored.front() == expected);
}

TEST_CASE("ledger: a revocation is news for the CRLs that must list it, and for no others", "[ledger][I7]") {
  World world;
  const auto complete = complete_of(world.authority);
  const auto first = new_partition(world.authority);
  const auto second = new_partition(world.authority);
  const auto other = test::make_authority(world.now());
  REQUIRE(world.commit(test::insert(other)) == "applied");
  for (const auto& crl : {complete, first, second, complete_of(other)}) {
    REQUIRE(world.commit(inserted(crl)) == "applied");
  }
  const auto in_first = issue(world, at(first));
  const auto in_none = issue(world, std::nullopt);
  (void)issue(world, at(second));
  for (const auto& record : {in_first, in_none}) {
    REQUIRE(world.commit(test::revoked(record, world.now())) == "applied");
  }
  CHECK(world.commit(test::revoked(in_first, world.now())) == "wrong_state");
  world.backend->reopen();
  CHECK(listed(world, complete).serials == serials_of({in_first, in_none}));
  CHECK(listed(world, complete).revocations == 2);
  CHECK(listed(world, first).serials == serials_of({in_first}));
  CHECK(listed(world, first).revocations == 1);
  CHECK(listed(world, second).serials.empty());
  CHECK(listed(world, second).revocations == 0);
  CHECK(listed(world, complete_of(other)).revocations == 0);
  CHECK_THROWS_AS(listed(world, new_partition(world.authority)), ca::Error);
}

TEST_CASE("ledger: a CRL leaves out what ended before, and nothing else", "[ledger][I7]") {
  World world;
  const auto crl = complete_of(world.authority);
  REQUIRE(world.commit(inserted(crl)) == "applied");
  const auto soon_over = issue(world, at(crl), 1h);
  const auto later_over = issue(world, at(crl), 2h);
  for (const auto& record : {soon_over, later_over}) {
    REQUIRE(world.commit(test::revoked(record, world.now())) == "applied");
  }
  const ca::Seconds end = soon_over.validity.not_after;
  CHECK(listed(world, crl, end).serials == serials_of({soon_over, later_over}));
  CHECK(listed(world, crl, end + 1s).serials == serials_of({later_over}));
}

TEST_CASE("ledger: a series knows how many certificates name it and when the last of them ends", "[ledger]") {
  World world;
  const auto crl = new_partition(world.authority);
  CHECK_THROWS_AS(world.result(naming(world.new_certificate(), at(crl))), ca::Error);
  REQUIRE(world.commit(inserted(crl)) == "applied");
  const auto longest = issue(world, at(crl), 48h);
  (void)issue(world, at(crl), 1h);
  const auto stored = world.inventory().crls(world.authority.arn);
  REQUIRE(stored.size() == 1);
  CHECK(stored.front().certificates == 2);
  CHECK(stored.front().last_not_after == longest.validity.not_after);
}

TEST_CASE("ledger: a place that certificates name is kept until the last of them ends, each series' its own",
          "[ledger][I7]") {
  World world;
  const auto complete = complete_of(world.authority);
  const auto partition = new_partition(world.authority);
  for (const auto& crl : {complete, partition}) {
    REQUIRE(world.commit(inserted(crl)) == "applied");
  }
  CHECK(world.inventory().crls(world.authority.arn).front().places.empty());
  const auto longest = issue(world, at(complete, "first"), 48h);
  (void)issue(world, at(complete, "first"), 1h);
  const auto in_partition = issue(world, at(partition, "first"));
  const ca::NamedCrl moved{complete.name, "second", "pki/" + complete.name + ".crl"};
  (void)issue(world, moved, 1h);
  const auto later = issue(world, moved, 2h);
  const auto served = issue(world, at(complete), 3h);
  world.backend->reopen();
  const auto stored = world.inventory().crls(world.authority.arn);
  REQUIRE(stored.size() == 2);
  CHECK(stored[0].places == std::vector<ca::CrlPlace>{{"first", complete.key, longest.validity.not_after},
                                                      {"second", moved.key, later.validity.not_after},
                                                      {"", complete.key, served.validity.not_after}});
  CHECK(stored[1].places ==
        std::vector<ca::CrlPlace>{{"first", partition.key, in_partition.validity.not_after}});
}

TEST_CASE("ledger: a certificate that is refused gives its CRL no place", "[ledger]") {
  World world;
  const auto crl = complete_of(world.authority);
  REQUIRE(world.commit(inserted(crl)) == "applied");
  auto disabled = world.authority;
  disabled.status = ca::AuthorityStatus::disabled;
  REQUIRE(world.commit({ca::UpdateAuthority{disabled}, {test::event_of("authority.status_changed")}}) ==
          "applied");
  CHECK(world.commit(naming(world.new_certificate(), at(crl, "first"))) == "not_issuing");
  const auto stored = world.inventory().crls(world.authority.arn);
  CHECK(stored.front().places.empty());
  CHECK(stored.front().certificates == 0);
}

TEST_CASE("ledger: the standing of a certificate is that of its row", "[ledger][I9]") {
  World world;
  const auto record = world.new_certificate();
  CHECK_FALSE(world.inventory().standing(record.issuer, record.serial));
  REQUIRE(world.commit(test::insert(record)) == "applied");
  CHECK(world.inventory().standing(record.issuer, record.serial).value().state ==
        ca::CertificateState::pending);
  REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
  CHECK(world.inventory().standing(record.issuer, record.serial).value().state ==
        ca::CertificateState::issued);
  REQUIRE(world.commit(test::revoked(record, world.now())) == "applied");
  const auto revoked = world.inventory().standing(record.issuer, record.serial).value();
  CHECK(revoked.state == ca::CertificateState::revoked);
  CHECK(revoked.revoked_at == world.now());
  CHECK(revoked.reason == ca::RevocationReason::key_compromise);
  CHECK(revoked.not_after == record.validity.not_after);
  auto elsewhere = record.issuer;
  elsewhere.id = ca::random_uuid();
  CHECK_FALSE(world.inventory().standing(elsewhere, record.serial));
}

TEST_CASE("ledger: an authority that stopped issuing still gets certificates that answer OCSP, and no others",
          "[ledger][I9]") {
  World world;
  auto disabled = world.authority;
  disabled.status = ca::AuthorityStatus::disabled;
  REQUIRE(world.commit({ca::UpdateAuthority{disabled}, {test::event_of("authority.status_changed")}}) ==
          "applied");
  CHECK(world.commit(test::insert(world.new_certificate())) == "not_issuing");
  auto answers = world.new_certificate();
  answers.profile = ca::kOcspSignerProfile;
  REQUIRE(world.commit(test::insert(answers)) == "applied");
  CHECK(world.commit(test::issued(answers, world.now())) == "applied");
}
