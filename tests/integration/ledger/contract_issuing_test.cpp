// What every store must do, whatever it is made of: when it takes an intent and its outcome.
#include "tests/integration/ledger/world.hpp"

using namespace std::chrono_literals;
using test::World;

namespace {

ca::LedgerEntry update(const ca::AuthorityRecord& record) {
  return {ca::UpdateAuthority{record}, {test::event_of("authority.updated")}};
}

ca::LedgerEntry limited(const ca::CertificateRecord& record, std::uint64_t max_pending) {
  auto entry = test::insert(record);
  std::get<ca::InsertPending>(entry.change).max_pending = max_pending;
  return entry;
}

}  // namespace

TEST_CASE("ledger: after an authority was disabled nothing of it is issued", "[ledger][I3][I10]") {
  World world;
  const auto waiting = world.new_certificate();
  REQUIRE(world.commit(test::insert(waiting)) == "applied");
  for (const auto status : {ca::AuthorityStatus::disabled, ca::AuthorityStatus::deleted,
                            ca::AuthorityStatus::failed, ca::AuthorityStatus::pending_certificate}) {
    world.authority.status = status;
    REQUIRE(world.commit(update(world.authority)) == "applied");
    ++world.authority.version;
    const auto events = world.events();
    CHECK(world.commit(test::issued(waiting, world.now())) == "not_issuing");
    CHECK(world.commit(test::insert(world.new_certificate())) == "not_issuing");
    CHECK(world.events() == events);
  }
  CHECK(world.stored(waiting).state == ca::CertificateState::pending);
  world.authority.status = ca::AuthorityStatus::active;
  REQUIRE(world.commit(update(world.authority)) == "applied");
  CHECK(world.commit(test::issued(waiting, world.now())) == "applied");
}

TEST_CASE("ledger: an authority without a certificate issues its own and nothing else", "[ledger][I10]") {
  World world;
  world.authority.status = ca::AuthorityStatus::pending_certificate;
  REQUIRE(world.commit(update(world.authority)) == "applied");
  auto own = world.new_certificate();
  own.self_signed = true;
  REQUIRE(world.commit(test::insert(own)) == "applied");
  CHECK(world.commit(test::issued(own, world.now())) == "applied");
  CHECK(world.commit(test::insert(world.new_certificate())) == "not_issuing");
}

TEST_CASE("ledger: nothing is issued after the end of the issuer or of the certificate", "[ledger][I10]") {
  World world;
  world.authority.validity = ca::Validity{ca::to_seconds(world.now()), ca::to_seconds(world.now()) + 2h};
  REQUIRE(world.commit(update(world.authority)) == "applied");
  auto first = world.new_certificate();
  first.validity.not_after = ca::to_seconds(world.now()) + 1h;
  const auto second = world.new_certificate();
  REQUIRE(world.commit(test::insert(first)) == "applied");
  REQUIRE(world.commit(test::insert(second)) == "applied");
  world.backend->clock.advance(1h + 1s);
  CHECK(world.commit(test::issued(first, world.now())) == "not_issuing");
  world.backend->clock.advance(1h);
  CHECK(world.commit(test::issued(second, world.now())) == "not_issuing");
  CHECK(world.commit(test::insert(world.new_certificate())) == "not_issuing");
  CHECK(world.commit(test::failed(second)) == "applied");
}

TEST_CASE("ledger: bytes that were linted against an earlier certificate of the issuer are stale",
          "[ledger][I4][I10]") {
  World world;
  const auto record = world.new_certificate();
  REQUIRE(world.commit(test::insert(record)) == "applied");
  world.authority.generation = 1;
  REQUIRE(world.commit(update(world.authority)) == "applied");
  const auto events = world.events();
  auto entry = test::issued(record, world.now());
  CHECK(world.commit(entry) == "stale");
  CHECK(world.events() == events);
  CHECK(world.stored(record).state == ca::CertificateState::pending);
  std::get<ca::MarkIssued>(entry.change).generation = 1;
  CHECK(world.commit(entry) == "applied");
}

TEST_CASE("ledger: an authority's keys change with its record or not at all", "[ledger][I5]") {
  World world;
  world.authority.other_keys = {test::make_key(2), test::make_key(3, world.now())};
  REQUIRE(world.commit(update(world.authority)) == "applied");
  auto stale = world.authority;
  stale.other_keys.clear();
  CHECK(world.commit(update(stale)) == "stale");
  ++world.authority.version;
  CHECK(world.inventory().authority(world.authority.arn)->other_keys == world.authority.other_keys);
  world.authority.other_keys = {test::make_key(3, world.now() + 1ms)};
  REQUIRE(world.commit(update(world.authority)) == "applied");
  CHECK(world.inventory().authority(world.authority.arn)->other_keys == world.authority.other_keys);
  for (const auto& record : world.inventory().all_authorities()) {
    CHECK((record.arn == world.authority.arn) == !record.other_keys.empty());
  }
}

TEST_CASE(
    "ledger: a key that was replaced gets nothing new, but finishes what it was accepted for, and its "
    "answers",
    "[ledger][I3]") {
  World world;
  const auto waiting = world.new_certificate();
  REQUIRE(world.commit(test::insert(waiting)) == "applied");
  world.authority.other_keys = {test::make_key(1, world.now())};
  world.authority.key_number = 2;
  world.authority.last_key_number = 2;
  REQUIRE(world.commit(update(world.authority)) == "applied");
  const auto events = world.events();
  CHECK(world.commit(test::insert(world.new_certificate())) == "stale");
  CHECK(world.events() == events);
  auto signer = world.new_certificate();
  signer.profile = ca::kOcspSignerProfile;
  CHECK(world.commit(test::insert(signer)) == "applied");
  CHECK(world.commit(test::issued(waiting, world.now())) == "applied");
  auto next = world.new_certificate();
  next.key_number = 2;
  REQUIRE(world.commit(test::insert(next)) == "applied");
  CHECK(world.stored(waiting).key_number == 1);
  CHECK(world.stored(next).key_number == 2);
  REQUIRE(world.commit(test::issued(next, world.now())) == "applied");
  CHECK(world.inventory().standing(next.issuer, next.serial)->key_number == 2);
}

TEST_CASE("ledger: an account's share of pending certificates is its own", "[ledger][I15][I16]") {
  World world;
  const auto other = test::make_authority(world.now(), "999900001111");
  REQUIRE(world.commit(test::insert(other)) == "applied");
  std::vector<ca::CertificateRecord> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(world.new_certificate());
    REQUIRE(world.commit(limited(waiting.back(), 3)) == "applied");
  }
  const auto events = world.events();
  CHECK(world.commit(limited(world.new_certificate(), 3)) == "throttled");
  CHECK(world.events() == events);
  CHECK(world.commit(limited(test::make_certificate(other, world.now()), 3)) == "applied");

  SECTION("a place is given back by each outcome") {
    REQUIRE(world.commit(test::issued(waiting[0], world.now())) == "applied");
    CHECK(world.commit(limited(world.new_certificate(), 3)) == "applied");
    CHECK(world.commit(limited(world.new_certificate(), 3)) == "throttled");
    REQUIRE(world.commit(test::failed(waiting[1])) == "applied");
    CHECK(world.commit(limited(world.new_certificate(), 3)) == "applied");
    CHECK(world.commit(limited(world.new_certificate(), 3)) == "throttled");
  }
  SECTION("it is counted again after a restart") {
    world.backend->reopen();
    CHECK(world.commit(limited(world.new_certificate(), 3)) == "throttled");
    CHECK(world.commit(limited(world.new_certificate(), 4)) == "applied");
  }
  SECTION("it holds among entries that wait together") {
    std::vector<std::future<ca::CommitResult>> futures;
    for (int i = 0; i < 20; ++i) {
      futures.push_back(world.ledger().commit(limited(world.new_certificate(), 8)));
    }
    int applied = 0;
    for (auto& future : futures) {
      applied += test::outcome_of(std::move(future)) == "applied" ? 1 : 0;
    }
    CHECK(applied == 5);
  }
}

TEST_CASE("ledger: a token keeps its window while the clock steps back and forth", "[ledger][I12]") {
  World world;
  REQUIRE(world.commit(test::insert(world.new_certificate(), world.claim("before"))) == "applied");
  world.backend->clock.advance(-1h);
  CHECK(world.commit(test::insert(world.new_certificate(), world.claim("before"))) == "existing");
  REQUIRE(world.commit(test::insert(world.new_certificate(), world.claim("after"))) == "applied");
  CHECK(world.commit(test::insert(world.new_certificate(), world.claim("after"))) == "existing");
  CHECK(world.commit(test::insert(world.new_certificate(), world.claim("after", "other"))) == "conflict");
  world.backend->reopen();
  CHECK(world.commit(test::insert(world.new_certificate(), world.claim("after"))) == "existing");
  world.backend->clock.advance(1h + 5min);
  CHECK(world.commit(test::insert(world.new_certificate(), world.claim("after", "other"))) == "applied");
}

TEST_CASE("inventory: what a token names can be read", "[inventory][I12]") {
  World world;
  CHECK_FALSE(world.inventory().claimed("scope", "t"));
  const auto record = world.new_certificate();
  REQUIRE(world.commit(test::insert(record, world.claim("t"))) == "applied");
  const auto found = world.inventory().claimed("scope", "t").value();
  CHECK(found.authority == record.issuer);
  CHECK(found.serial == record.serial);
  CHECK(found.request_hash == world.claim("t").request_hash);
  CHECK(found.expires_at == world.now() + 5min);
  CHECK_FALSE(world.inventory().claimed("other scope", "t"));
  const auto authority = test::make_authority(world.now());
  REQUIRE(world.commit(test::insert(authority, world.claim("a"))) == "applied");
  CHECK(world.inventory().claimed("scope", "a")->authority == authority.arn);
  CHECK_FALSE(world.inventory().claimed("scope", "a")->serial);
}
