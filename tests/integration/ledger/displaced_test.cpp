// The store's files are moved, deleted or exchanged: under a running store, and before a start.
#include <fstream>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/ledger/backend.hpp"
#include "tests/integration/ledger/records.hpp"
#include "tests/integration/ledger/temporary_folder.hpp"
#include "tests/support/catch.hpp"

namespace {

std::string opened(const std::string& path) {
  const test::FakeClock clock;
  try {
    const ca::SqliteStore store{{.path = path}, clock};
    return "opened";
  } catch (const ca::Error& error) {
    return std::string{name_of(error.code())} + ": " + error.what();
  }
}

}  // namespace

TEST_CASE("store: nothing is acknowledged while one of its files is away, and it goes on when that is back",
          "[ledger][I1][I19]") {
  const std::string suffix = GENERATE("", "-wal", "-shm");
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  const std::string file = folder.store() + suffix;
  const std::string away = (folder.path() / "away").string();
  std::vector<ca::AuthorityRecord> acknowledged;
  {
    ca::SqliteStore store{{.path = folder.store()}, clock};
    const auto commit = [&] {
      const auto record = test::make_authority(clock.now());
      const std::string outcome = test::outcome_of(store.commit(test::insert(record)));
      if (outcome == "applied") {
        acknowledged.push_back(record);
      }
      return outcome;
    };
    INFO(file);
    REQUIRE(commit() == "applied");
    CHECK(store.status().ok);
    for (int round = 0; round < 2; ++round) {
      std::filesystem::rename(file, away);
      CHECK_FALSE(store.status().ok);  // before anything is written, too
      CHECK_THAT(store.status().last_error, StartsWith(file + ": was moved or deleted"));
      CHECK(commit() == "unavailable");
      CHECK(commit() == "unavailable");
      CHECK_FALSE(store.status().ok);

      std::filesystem::rename(away, file);
      CHECK(store.status().ok);
      CHECK(commit() == "applied");
    }
    CHECK(acknowledged.size() == 3);
  }
  ca::SqliteStore store{{.path = folder.store()}, clock};
  CHECK(store.all_authorities().size() == 3);  // and nothing of what was refused
  CHECK(test::inconsistency(store, store).empty());
}

TEST_CASE("store: another file in the place of its own is not written to", "[ledger][I1]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  ca::SqliteStore store{{.path = folder.store()}, clock};
  REQUIRE(test::outcome_of(store.commit(test::insert(test::make_authority(clock.now())))) == "applied");
  const std::string copy = (folder.path() / "copy").string();
  std::filesystem::copy_file(folder.store(), copy);
  std::filesystem::rename(copy, folder.store());  // as a restore from a backup would
  CHECK(test::outcome_of(store.commit(test::insert(test::make_authority(clock.now())))) == "unavailable");
  CHECK_FALSE(store.status().ok);
  CHECK_THAT(store.status().last_error, Contains("is another file than the one that the daemon has open"));
}

TEST_CASE("store: a folder that is moved and moved back goes on", "[ledger][I19]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  const auto place = folder.path() / "place";
  std::filesystem::create_directory(place);
  ca::SqliteStore store{{.path = (place / "ledger.sqlite").string()}, clock};
  std::filesystem::rename(place, folder.path() / "away");
  CHECK(test::outcome_of(store.commit(test::insert(test::make_authority(clock.now())))) == "unavailable");
  std::filesystem::rename(folder.path() / "away", place);
  CHECK(test::outcome_of(store.commit(test::insert(test::make_authority(clock.now())))) == "applied");
}

TEST_CASE("store: a start does not put a new ledger in the place of one that is missing",
          "[ledger][I2][I19]") {
  const test::TemporaryFolder folder;
  const std::string lock = folder.store() + ".lock";
  REQUIRE(opened(folder.store()) == "opened");
  std::filesystem::rename(folder.store(), folder.path() / "away");
  SECTION("its write-ahead log is left") {
    std::ofstream{folder.store() + "-wal"} << "frames";
    std::filesystem::remove(lock);
    CHECK_THAT(opened(folder.store()), StartsWith("unavailable: ") &&
                                           Contains(folder.store() + ": is missing") &&
                                           Contains(folder.store() + "-wal is left of it"));
    CHECK(std::filesystem::file_size(folder.store() + "-wal") == 6);  // left as it was
  }
  SECTION("its lock file is left") {
    for (int start = 0; start < 2; ++start) {  // one refusal does not make the next start forget
      CHECK_THAT(opened(folder.store()),
                 Contains(folder.store() + ": is missing") && Contains(lock + " is left of it"));
    }
    CHECK_FALSE(std::filesystem::exists(folder.store()));
    std::filesystem::rename(folder.path() / "away", folder.store());
    CHECK(opened(folder.store()) == "opened");
  }
  SECTION("nothing is left: a new one") {
    std::filesystem::remove(lock);
    CHECK(opened(folder.store()) == "opened");
  }
}

TEST_CASE("store: a lock file of a start that never had a ledger stands in nobody's way", "[ledger][I19]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.store() + ".lock"} << "4711\n";
  CHECK(opened(folder.store()) == "opened");
}
