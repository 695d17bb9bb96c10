// The disk refuses: the k-th call fails, for every k; before it took effect and after; once and for good.
#include <unistd.h>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/ledger/backend.hpp"
#include "tests/integration/ledger/connections.hpp"
#include "tests/integration/ledger/fault_vfs.hpp"
#include "tests/integration/ledger/records.hpp"
#include "tests/integration/ledger/temporary_folder.hpp"
#include "tests/support/catch.hpp"

namespace {

constexpr std::uint64_t kForGood = 1'000'000;
// Small, so that checkpoints happen among the few commits of a test.
constexpr std::uint64_t kSmallWal = 16 * 4120;

std::unique_ptr<ca::SqliteStore> open_store(const test::TemporaryFolder& folder, const ca::Clock& clock) {
  return std::make_unique<ca::SqliteStore>(
      ca::SqliteStoreOptions{.path = folder.store(), .readers = 1, .wal_limit_bytes = kSmallWal}, clock);
}

std::string opened(const test::TemporaryFolder& folder, const ca::Clock& clock) {
  try {
    (void)open_store(folder, clock);
    return "opened";
  } catch (const ca::Error& error) {
    return std::string{name_of(error.code())} + ": " + error.what();
  }
}

// What a client was told about each certificate that it asked for.
struct Told {
  ca::CertificateRecord record;
  std::string outcome;
};

std::vector<Told> ask_for(ca::SqliteStore& store, const ca::AuthorityRecord& authority, ca::TimePoint now,
                          std::size_t count) {
  std::vector<Told> told;
  std::vector<std::future<ca::CommitResult>> futures;
  for (std::size_t i = 0; i < count; ++i) {
    told.push_back({test::make_certificate(authority, now), ""});
    futures.push_back(store.commit(test::insert(told.back().record)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    told[i].outcome = test::outcome_of(std::move(futures[i]));
  }
  return told;
}

// Acknowledged means there, refused means not there.
std::string broken_promises(ca::SqliteStore& store, const std::vector<Told>& told) {
  std::string broken = test::inconsistency(store, store);
  for (const auto& [record, outcome] : told) {
    const bool there = store.certificate(record.issuer, record.serial).has_value();
    if (there != (outcome == "applied") || (outcome != "applied" && outcome != "unavailable")) {
      broken +=
          record.serial.hex() + " was told " + outcome + (there ? " and is there; " : " and is not there; ");
    }
  }
  return broken;
}

// The k-th call fails while clients commit. False when there was no k-th call.
bool survives_fault_at(std::uint64_t k, test::FaultVfs::Fault fault) {
  test::FaultVfs disk;
  test::FakeClock clock;
  const auto folder = test::TemporaryFolder::in_memory();
  const auto after_kill = test::TemporaryFolder::in_memory();
  auto store = open_store(folder, clock);
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store->commit(test::insert(authority))) == "applied");
  std::vector<Told> told;
  const auto ask = [&] {
    for (auto& one : ask_for(*store, authority, clock.now(), 3)) {
      told.push_back(std::move(one));
    }
  };

  fault.first = k;
  disk.arm(fault);
  for (int round = 0; round < 5; ++round) {
    ask();
  }
  INFO("call " << k << ": " << disk.name_of_call(k) << " fails " << fault.calls << " times "
               << (fault.takes_effect ? "after" : "before") << " its effect with code " << fault.code);
  const bool happened = disk.calls() >= k;
  disk.disarm();
  CHECK(broken_promises(*store, told).empty());
  ask();  // the store serves again by itself
  CHECK(told.back().outcome == "applied");
  CHECK(store->status().ok);
  CHECK(broken_promises(*store, told).empty());

  // A kill right now, and an orderly end: both leave what the clients were told.
  std::mt19937 random{1};
  disk.write_remains(after_kill.path().string(), test::FaultVfs::After::process_killed, random);
  store.reset();
  CHECK(broken_promises(*open_store(folder, clock), told).empty());
  CHECK(broken_promises(*open_store(after_kill, clock), told).empty());
  return happened;
}

void survive_faults_at_every_call(const test::FaultVfs::Fault& fault) {
  std::uint64_t k = 1;
  while (survives_fault_at(k, fault)) {
    ++k;
  }
  CHECK(k > 20);  // the commits and at least one checkpoint
}

}  // namespace

TEST_CASE("store: a call that fails once before its effect breaks no promise", "[ledger][fault][I1][I13]") {
  survive_faults_at_every_call({.calls = 1, .code = SQLITE_IOERR_WRITE, .takes_effect = false});
}

TEST_CASE("store: a call that fails once after its effect breaks no promise", "[ledger][fault][I1][I13]") {
  survive_faults_at_every_call({.calls = 1, .code = SQLITE_IOERR_FSYNC, .takes_effect = true});
}

TEST_CASE("store: a disk that fails for some calls is waited out", "[ledger][fault][I1][I13]") {
  survive_faults_at_every_call({.calls = 5, .code = SQLITE_IOERR_FSYNC, .takes_effect = true});
}

TEST_CASE("store: a full disk refuses and serves again when there is room", "[ledger][fault][I13]") {
  survive_faults_at_every_call({.calls = kForGood, .code = SQLITE_FULL, .takes_effect = false});
}

TEST_CASE("store: a refused commit leaves no ghost for a process that is killed at once",
          "[ledger][fault][I13]") {
  // The commit frame reaches the disk, then the disk reports a failure once: what a client was told must be
  // what a recovery finds, without any further commit.
  for (std::uint64_t k = 1; k < 12; ++k) {
    test::FaultVfs disk;
    test::FakeClock clock;
    const auto folder = test::TemporaryFolder::in_memory();
    const auto after_kill = test::TemporaryFolder::in_memory();
    auto store = open_store(folder, clock);
    const auto authority = test::make_authority(clock.now());
    REQUIRE(test::outcome_of(store->commit(test::insert(authority))) == "applied");
    disk.arm({.first = k, .calls = 1, .code = SQLITE_IOERR_FSYNC, .takes_effect = true});
    const auto told = ask_for(*store, authority, clock.now(), 1);
    INFO(disk.name_of_call(k) << " fails, the client is told " << told.front().outcome);
    std::mt19937 random{1};
    disk.write_remains(after_kill.path().string(), test::FaultVfs::After::process_killed, random);
    CHECK(broken_promises(*open_store(after_kill, clock), told).empty());
  }
}

TEST_CASE("store: clients see a clear error while the disk refuses", "[ledger][fault][I18]") {
  test::FaultVfs disk;
  test::FakeClock clock;
  const auto folder = test::TemporaryFolder::in_memory();
  auto store = open_store(folder, clock);
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store->commit(test::insert(authority))) == "applied");
  const auto [code, words] = GENERATE(table<int, std::string>(
      {{SQLITE_FULL, "full"}, {SQLITE_IOERR_WRITE, "I/O error"}, {SQLITE_READONLY, "readonly"}}));
  disk.arm({.first = 1, .calls = kForGood, .code = code, .takes_effect = false});
  try {
    (void)store->commit(test::insert(test::make_certificate(authority, clock.now()))).get();
    FAIL("a commit on a refusing disk was acknowledged");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::unavailable);
    CHECK_THAT(error.what(), Contains(words));
    CHECK_THAT(error.what(), !Contains(folder.path().string()));
  }
  CHECK_FALSE(store->status().ok);
  CHECK_THAT(store->status().last_error, Contains(folder.path().string()));
  CHECK(store->authority(authority.arn));  // reads go on
  disk.disarm();
}

TEST_CASE("store: a creation that fails at any call is completed by the next start", "[ledger][fault][I19]") {
  const bool takes_effect = GENERATE(false, true);
  bool happened = true;
  std::uint64_t k = 0;
  while (happened) {
    ++k;
    test::FaultVfs disk;
    test::FakeClock clock;
    const auto folder = test::TemporaryFolder::in_memory();
    disk.arm({.first = k, .calls = 1, .code = SQLITE_IOERR_FSYNC, .takes_effect = takes_effect});
    const std::string result = opened(folder, clock);
    happened = disk.calls() >= k;
    INFO("call " << k << ": " << disk.name_of_call(k) << ": " << result);
    if (result != "opened") {  // SQLite gets over some failures by itself
      CHECK_THAT(result, StartsWith("unavailable: cannot open the store: "));
      CHECK_THAT(result, Contains(folder.store()));
    }
    disk.disarm();
    CHECK(opened(folder, clock) == "opened");
    CHECK(opened(folder, clock) == "opened");
  }
  CHECK(k > 8);
}

TEST_CASE("store: a commit that is reported as failed and stands is acknowledged", "[ledger][fault][I13]") {
  test::ConnectionTap tap;
  test::FakeClock clock;
  const auto folder = test::TemporaryFolder::in_memory();
  auto store = open_store(folder, clock);
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store->commit(test::insert(authority))) == "applied");
  // SQLite runs this after the commit stands, and reports its result as that of COMMIT.
  sqlite3_wal_hook(
      tap.first(), [](void*, sqlite3*, const char*, int) { return SQLITE_IOERR_FSYNC; }, nullptr);
  const auto told = ask_for(*store, authority, clock.now(), 1);
  CHECK(told.front().outcome == "applied");
  CHECK(broken_promises(*store, told).empty());
  CHECK(ask_for(*store, authority, clock.now(), 1).front().outcome == "applied");
}

TEST_CASE("store: a commit that is refused by SQLite is answered as refused", "[ledger][fault][I13]") {
  test::ConnectionTap tap;
  test::FakeClock clock;
  const auto folder = test::TemporaryFolder::in_memory();
  auto store = open_store(folder, clock);
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store->commit(test::insert(authority))) == "applied");
  sqlite3_commit_hook(
      tap.first(), [](void*) { return 1; }, nullptr);
  const auto told = ask_for(*store, authority, clock.now(), 1);
  CHECK(told.front().outcome == "unavailable");
  CHECK(broken_promises(*store, told).empty());
  CHECK(ask_for(*store, authority, clock.now(), 1).front().outcome == "applied");
  CHECK(store->status().ok);
}
