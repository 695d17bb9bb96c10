// Many clients at once on the one writer.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/ledger/backend.hpp"
#include "tests/integration/ledger/connections.hpp"
#include "tests/integration/ledger/records.hpp"
#include "tests/integration/ledger/temporary_folder.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace std::chrono_literals;

void in_threads(int count, const std::function<void(int)>& run) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back(run, i);
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

}  // namespace

TEST_CASE("group commit: 32 threads read what each was told and nothing is lost", "[ledger][I1][I5]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  ca::SqliteStore store{{.path = folder.store(), .wal_limit_bytes = 512 * 1024}, clock};
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  CHECK(store.status().wal_bytes > 0);
  static constexpr int kEach = 25;
  std::atomic<int> broken{0};
  in_threads(32, [&](int) {
    for (int i = 0; i < kEach; ++i) {
      const auto record = test::make_certificate(authority, clock.now());
      broken += test::outcome_of(store.commit(test::insert(record))) == "applied" ? 0 : 1;
      broken +=
          store.certificate(record.issuer, record.serial)->state == ca::CertificateState::pending ? 0 : 1;
      broken += test::outcome_of(store.commit(test::issued(record, clock.now()))) == "applied" ? 0 : 1;
      broken += store.certificate(record.issuer, record.serial)->der == test::der_of(record) ? 0 : 1;
    }
  });
  CHECK(broken == 0);
  CHECK(store.counts().issued == 32 * kEach);
  CHECK(test::inconsistency(store, store).empty());
  const auto status = store.status();
  CHECK(status.ok);
  CHECK(status.entries == 2 * 32 * kEach + 1);
  CHECK(status.failed_entries == 0);
  CHECK(status.commits < status.entries);  // they were written in groups
  CHECK(status.queued == 0);
  CHECK(status.wal_bytes < 8 * 1024 * 1024);
}

TEST_CASE("group commit: rows and events stay equal under a random mixed load", "[ledger][I2][I5][I12]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  {
    ca::SqliteStore store{{.path = folder.store()}, clock};
    const auto authority = test::make_authority(clock.now());
    REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
    in_threads(8, [&](int thread) {
      std::mt19937 random{static_cast<unsigned>(thread)};
      std::vector<ca::CertificateRecord> mine{test::make_certificate(authority, clock.now())};
      for (int i = 0; i < 150; ++i) {
        const ca::CertificateRecord any = mine[random() % mine.size()];
        const ca::IdempotencyClaim claim{"s", std::to_string(random() % 40), ca::Sha256{}, 5min};
        switch (random() % 7) {
          case 0:
          case 1:
            mine.push_back(test::make_certificate(authority, clock.now()));
            (void)test::outcome_of(store.commit(test::insert(mine.back())));
            break;
          case 2:
            mine.push_back(test::make_certificate(authority, clock.now()));
            (void)test::outcome_of(store.commit(test::insert(mine.back(), claim)));
            break;
          case 3:
            (void)test::outcome_of(store.commit(test::insert(any)));  // a duplicate
            break;
          case 4:
            (void)test::outcome_of(store.commit(test::issued(any, clock.now())));
            break;
          case 5:
            (void)test::outcome_of(store.commit(test::revoked(any, clock.now())));
            break;
          default:
            (void)test::outcome_of(store.commit(test::failed(any)));
        }
      }
    });
    CHECK(test::inconsistency(store, store).empty());
  }
  // The rows themselves, not the store's own counters.
  test::ForeignConnection file{folder.store()};
  const auto events = [&](const std::string& type) {
    return file.value("SELECT count(*) FROM audit WHERE json_extract(line, '$.type') = 'certificate." + type +
                      "'");
  };
  CHECK(file.value("SELECT count(*) FROM certificates") == events("pending"));
  CHECK(file.value("SELECT count(*) FROM signed_certificates") == events("issued"));
  CHECK(file.value("SELECT count(*) FROM certificates WHERE state = 'F'") == events("failed"));
  CHECK(file.value("SELECT count(*) FROM certificates WHERE state = 'R'") == events("revoked"));
  CHECK(file.value("SELECT count(*) FROM certificates c JOIN counters n ON n.name = c.state GROUP BY state "
                   "HAVING count(*) <> n.value") == "no row");
  CHECK(file.value("PRAGMA integrity_check") == "ok");
  CHECK(events("revoked") != "0");
}

TEST_CASE("group commit: a full queue refuses and the rest is written", "[ledger][I16]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  ca::SqliteStore store{{.path = folder.store(), .max_queued = 8, .max_batch = 2}, clock};
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  test::ForeignConnection other{folder.store()};
  REQUIRE(other.run("BEGIN IMMEDIATE").empty());  // the writer waits

  std::vector<std::future<ca::CommitResult>> futures;
  const auto commit = [&] {
    futures.push_back(store.commit(test::insert(test::make_certificate(authority, clock.now()))));
  };
  commit();
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (store.status().queued > 0 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();  // until it is in the writer's hands
  }
  while (futures.size() < 40) {
    commit();
  }
  CHECK(store.status().queued == 8);
  REQUIRE(other.run("ROLLBACK").empty());
  std::map<std::string, int> outcomes;
  for (auto& future : futures) {
    ++outcomes[test::outcome_of(std::move(future))];
  }
  CHECK(outcomes["applied"] + outcomes["throttled"] == 40);
  CHECK(outcomes["applied"] == 9);  // the queue, and what was in the writer's hands
  CHECK(store.counts().pending == static_cast<std::uint64_t>(outcomes["applied"]));
}

TEST_CASE("group commit: what is queued is written before the store closes", "[ledger][I1]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  std::vector<std::future<ca::CommitResult>> futures;
  {
    ca::SqliteStore store{{.path = folder.store()}, clock};
    const auto authority = test::make_authority(clock.now());
    futures.push_back(store.commit(test::insert(authority)));
    for (int i = 0; i < 100; ++i) {
      futures.push_back(store.commit(test::insert(test::make_certificate(authority, clock.now()))));
    }
  }
  for (auto& future : futures) {
    CHECK(test::outcome_of(std::move(future)) == "applied");
  }
  ca::SqliteStore again{{.path = folder.store()}, clock};
  CHECK(again.counts().pending == 100);
}

TEST_CASE("group commit: one entry that the store cannot hold fails alone", "[ledger][I16]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  test::ConnectionTap tap;
  ca::SqliteStore store{{.path = folder.store()}, clock};
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  sqlite3_limit(tap.first(), SQLITE_LIMIT_LENGTH, 100'000);
  auto huge = test::make_certificate(authority, clock.now());
  huge.tbs_der.resize(200'000);
  std::vector<std::future<ca::CommitResult>> futures;
  for (int i = 0; i < 9; ++i) {
    futures.push_back(
        store.commit(test::insert(i == 4 ? huge : test::make_certificate(authority, clock.now()))));
  }
  for (std::size_t i = 0; i < futures.size(); ++i) {
    CHECK(test::outcome_of(std::move(futures[i])) == (i == 4 ? "internal" : "applied"));
  }
  CHECK(test::inconsistency(store, store).empty());
}

TEST_CASE("group commit: claims that are over are swept in steps", "[ledger][I12][I16]") {
  const test::TemporaryFolder folder;
  test::FakeClock clock;
  ca::SqliteStore store{{.path = folder.store(), .max_batch = 1}, clock};
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  std::vector<std::future<ca::CommitResult>> futures;
  for (int i = 0; i < 200; ++i) {
    const ca::IdempotencyClaim claim{"s", std::to_string(i), ca::Sha256{}, 5min};
    futures.push_back(store.commit(test::insert(test::make_certificate(authority, clock.now()), claim)));
  }
  for (auto& future : futures) {
    REQUIRE(test::outcome_of(std::move(future)) == "applied");
  }
  test::ForeignConnection file{folder.store()};
  const auto left = [&] { return std::stoi(file.value("SELECT count(*) FROM idempotency")); };
  const auto note = [&] {
    return test::outcome_of(store.commit({ca::AppendEvents{}, {test::event_of("note")}}));
  };
  REQUIRE(note() == "applied");
  CHECK(left() == 200);
  clock.advance(5min);
  REQUIRE(note() == "applied");
  CHECK(left() < 200);
  CHECK(left() > 0);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(note() == "applied");
  }
  CHECK(left() == 0);
}

TEST_CASE("group commit: a reader that never ends costs space and not speed", "[ledger][I16]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  ca::SqliteStore store{{.path = folder.store(), .wal_limit_bytes = 64 * 1024}, clock};
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  test::ForeignConnection reader{folder.store()};
  REQUIRE(reader.run("BEGIN").empty());
  REQUIRE(reader.value("SELECT count(*) FROM certificates") == "0");
  static constexpr int kCommits = 300;
  for (int i = 0; i < kCommits; ++i) {
    REQUIRE(test::outcome_of(store.commit(test::insert(test::make_certificate(authority, clock.now())))) ==
            "applied");
  }
  CHECK(store.status().wal_bytes > 64 * 1024);
  CHECK(store.status().checkpoints < kCommits);
  REQUIRE(reader.run("COMMIT").empty());
}
