// What a store refuses to open, and what opening costs.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/base/error.hpp"
#include "ca/ledger/sqlite/schema.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "tests/integration/ledger/backend.hpp"
#include "tests/integration/ledger/connections.hpp"
#include "tests/integration/ledger/records.hpp"
#include "tests/integration/ledger/temporary_folder.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace std::chrono_literals;

// "opened", or the code and the text of the refusal.
std::string opened(const std::string& path, const std::string& node = "node-1") {
  const test::FakeClock clock;
  try {
    const ca::SqliteStore store{{.path = path, .node = node}, clock};
    return "opened";
  } catch (const ca::Error& error) {
    return std::string{name_of(error.code())} + ": " + error.what();
  }
}

// A closed store with an authority, a few certificates and `events` events more.
void fill(const std::string& path, std::size_t events = 0) {
  const test::FakeClock clock;
  ca::SqliteStore store{{.path = path}, clock};
  const auto authority = test::make_authority(clock.now());
  REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
  for (int i = 0; i < 5; ++i) {
    const auto record = test::make_certificate(authority, clock.now());
    REQUIRE(test::outcome_of(store.commit(test::insert(record))) == "applied");
    REQUIRE(test::outcome_of(store.commit(test::issued(record, clock.now()))) == "applied");
  }
  static constexpr std::size_t kAtOnce = 1000;
  for (; events > 0; events -= std::min(events, kAtOnce)) {
    const std::vector<ca::AuditEvent> some(std::min(events, kAtOnce), test::event_of("note"));
    REQUIRE(test::outcome_of(store.commit({ca::AppendEvents{}, some})) == "applied");
  }
}

std::string change(const std::string& path, const std::string& sql) {
  return test::ForeignConnection{path}.run(sql);
}

}  // namespace

TEST_CASE("store: a second daemon on the same file is refused", "[ledger][I2][I8]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  const ca::SqliteStore first{{.path = folder.store()}, clock};
  const std::string refusal = opened(folder.store());
  CHECK_THAT(refusal, StartsWith("unavailable: "));
  CHECK_THAT(refusal, Contains(folder.store() + ".lock: is in use by process " + std::to_string(::getpid())));
}

TEST_CASE("store: a place where it cannot be made is named with the cause", "[ledger]") {
  const test::TemporaryFolder folder;
  CHECK_THAT(opened((folder.path() / "absent" / "ledger.sqlite").string()),
             Contains("absent/ledger.sqlite.lock: No such file or directory"));
  const std::string occupied = (folder.path() / "occupied").string();
  std::filesystem::create_directory(occupied);
  CHECK_THAT(opened(occupied), Contains(occupied + ": Is a directory"));
}

TEST_CASE("store: a folder that is read only is named with the cause", "[ledger]") {
  const test::TemporaryFolder folder;
  const std::string place = (folder.path() / "read-only").string();
  std::filesystem::create_directory(place);
  ::chmod(folder.path().c_str(), 0755);
  ::chmod(place.c_str(), 0555);
  // Permissions do not bind root: a child that is somebody else tries.
  const pid_t child = ::fork();
  if (child == 0) {
    const bool somebody_else = ::geteuid() != 0 || ::setuid(65534) == 0;
    const std::string refusal = opened(place + "/ledger.sqlite");
    const bool right =
        refusal == "unavailable: cannot open the store: " + place + "/ledger.sqlite.lock: Permission denied";
    ::_exit(somebody_else && right ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("store: its files are for its owner only", "[ledger][I18]") {
  const test::TemporaryFolder folder;
  const test::FakeClock clock;
  const ca::SqliteStore store{{.path = folder.store()}, clock};
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
    INFO(entry.path());
    CHECK((entry.status().permissions() & std::filesystem::perms{077}) == std::filesystem::perms::none);
  }
}

TEST_CASE("store: a newer schema is refused and left as it is", "[ledger]") {
  const test::TemporaryFolder folder;
  fill(folder.store());
  const std::string newer = std::to_string(ca::sqlite::kSchemaVersion + 1);
  REQUIRE(change(folder.store(), "INSERT INTO schema_version VALUES (" + newer + ", 0)").empty());
  const std::string refusal = opened(folder.store());
  CHECK_THAT(refusal, Contains("has schema version " + newer + ", this build knows up to"));
  CHECK_THAT(refusal, Contains("start the newer build"));
  REQUIRE(change(folder.store(), "DELETE FROM schema_version WHERE version = " + newer).empty());
  CHECK(opened(folder.store()) == "opened");
}

TEST_CASE("store: a file of something else is refused and left as it is", "[ledger]") {
  const test::TemporaryFolder folder;
  SECTION("another program's database") {
    REQUIRE(change(folder.store(), "CREATE TABLE songs (title TEXT)").empty());
    CHECK_THAT(opened(folder.store()), Contains("is an SQLite database of another program, not a ledger"));
    CHECK(test::ForeignConnection{folder.store()}.value("SELECT count(*) FROM sqlite_master") == "1");
  }
  SECTION("no database") {
    const std::string text(8192, 'x');
    std::ofstream{folder.store()} << text;
    CHECK_THAT(opened(folder.store()), Contains("file is not a database"));
    std::ifstream file{folder.store()};
    CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == text);
  }
  SECTION("another node's ledger") {
    fill(folder.store());
    CHECK_THAT(opened(folder.store(), "node-2"),
               Contains("holds the audit log of node node-1, this daemon is node node-2"));
  }
}

TEST_CASE("store: an audit log that was changed from outside is refused", "[ledger][I6]") {
  const test::TemporaryFolder folder;
  fill(folder.store(), 100);
  const std::string free_audit = "DROP TRIGGER audit_keeps_its_lines; DROP TRIGGER audit_loses_no_lines; ";
  const auto [sql, words] = GENERATE_COPY(table<std::string, std::string>(
      {{"UPDATE audit_head SET frontier = zeroblob(length(frontier))", "give another root"},
       {"UPDATE audit_head SET frontier = x'00'", "has 1 bytes; it must have"},
       {"UPDATE audit_head SET size = size - 1", "must have 160"},
       {"UPDATE audit_head SET base_size = size", "frontier of"},
       {"UPDATE audit_head SET size = size + 1", "must have"},
       {"DELETE FROM audit_head", "the head says 0"},
       {free_audit + "UPDATE audit SET line = replace(line, 'note', 'nope') WHERE seq = 50",
        "the line of event 50 has another hash than its leaf"},
       {free_audit + "UPDATE audit SET leaf = zeroblob(32) WHERE seq = 50",
        "the line of event 50 has another hash than its leaf"},
       {free_audit + "DELETE FROM audit WHERE seq = 50", "event 50 is missing"},
       {free_audit + "DELETE FROM audit WHERE seq = 110", "events up to number 110, the head says 111"}}));
  INFO(sql);
  REQUIRE(change(folder.store(), sql).empty());
  const std::string refusal = opened(folder.store());
  CHECK_THAT(refusal, StartsWith("unavailable: cannot open the store: "));
  CHECK_THAT(refusal, Contains(words));
  CHECK_THAT(refusal, Contains("restore it from a backup"));
}

TEST_CASE("store: the file itself refuses to lose or change what must stay", "[ledger][I5][I6]") {
  const test::TemporaryFolder folder;
  fill(folder.store());
  REQUIRE(change(folder.store(),
                 "INSERT INTO crls (authority, name, complete, uri, object_key) VALUES (1, 'n', 1, '', 'k'); "
                 "INSERT INTO crl_places (crl, bucket, object_key, last_not_after) VALUES (1, '', 'k', 7)")
              .empty());
  const auto [sql, words] = GENERATE(table<std::string, std::string>(
      {{"UPDATE audit SET line = ''", "audit lines are never changed"},
       {"DELETE FROM audit WHERE seq = 1", "audit lines are never deleted"},
       {"DELETE FROM certificates", "certificates are never deleted"},
       {"UPDATE certificates SET tbs_der = x''", "the intent of a certificate is never changed"},
       {"UPDATE certificates SET serial = randomblob(16)", "the intent of a certificate is never changed"},
       {"UPDATE certificates SET key_number = 2", "the intent of a certificate is never changed"},
       {"UPDATE signed_certificates SET der = x'00'", "signed certificates are never changed"},
       {"DELETE FROM signed_certificates", "signed certificates are never deleted"},
       {"DELETE FROM crl_places", "places of CRLs are never deleted"},
       {"UPDATE crl_places SET bucket = 'b'", "a place of a CRL is never changed"},
       {"UPDATE crl_places SET last_not_after = last_not_after - 1", "ends no sooner"},
       {"INSERT INTO audit SELECT 0, line, leaf FROM audit WHERE seq = 1", "UNIQUE"},
       {"UPDATE certificates SET state = 'X'", "CHECK"}}));
  CHECK_THAT(change(folder.store(), sql), Contains(words));
  CHECK(opened(folder.store()) == "opened");
}

TEST_CASE("store: a ledger of version 4 gets the places of CRLs that its configurations have named",
          "[ledger][I7]") {
  const test::TemporaryFolder folder;
  test::FakeClock clock;
  auto authority = test::make_authority(clock.now());
  authority.revocation_json =
      R"({"CrlConfiguration":{"Enabled":true,"S3BucketName":"now","CustomPath":"p"}})";
  const ca::CrlRecord complete{
      .authority = authority.arn, .name = authority.arn.id, .complete = true, .key = "first/complete.crl"};
  const ca::CrlRecord partition{
      .authority = authority.arn, .name = ca::random_uuid(), .key = "first/part.crl"};
  const ca::CrlRecord unused{.authority = authority.arn, .name = ca::random_uuid(), .key = "first/none.crl"};
  const auto certificate = test::make_certificate(authority, clock.now());
  {
    ca::SqliteStore store{{.path = folder.store()}, clock};
    auto other = test::make_authority(clock.now());
    other.revocation_json = R"({"CrlConfiguration":{"Enabled":true,"S3BucketName":"of-another"}})";
    REQUIRE(test::outcome_of(store.commit(test::insert(authority))) == "applied");
    REQUIRE(test::outcome_of(store.commit(test::insert(other))) == "applied");
    for (const auto& crl : {complete, partition, unused}) {
      REQUIRE(test::outcome_of(store.commit({ca::InsertCrl{crl}, {test::event_of("crl.opened")}})) ==
              "applied");
    }
    for (const auto& crl : {complete, partition}) {
      auto pending = test::insert(test::make_certificate(authority, clock.now()));
      std::get<ca::InsertPending>(pending.change).crl = ca::NamedCrl{crl.name, "", crl.key};
      REQUIRE(test::outcome_of(store.commit(std::move(pending))) == "applied");
    }
    for (const char* text : {R"({"CrlConfiguration":{"Enabled":true,"S3BucketName":"then"}})",
                             R"({"CrlConfiguration":{"Enabled":false}})", R"({"CrlConfiguration":{"Enab)"}) {
      auto event = test::event_of("authority.updated");
      event.authority = authority.arn.text();
      event.detail = {{"revocation", text}};
      REQUIRE(test::outcome_of(store.commit({ca::AppendEvents{}, {event}})) == "applied");
    }
  }
  // As version 4 had it.
  REQUIRE(change(folder.store(),
                 "DROP TABLE crl_places; DROP TABLE authority_keys; DROP TRIGGER intents_are_kept;"
                 "CREATE TRIGGER intents_are_kept BEFORE UPDATE OF serial ON certificates "
                 "BEGIN SELECT RAISE(ABORT, ''); END;"
                 "ALTER TABLE authorities DROP COLUMN key_number;"
                 "ALTER TABLE authorities DROP COLUMN last_key_number;"
                 "ALTER TABLE crls DROP COLUMN key_number; ALTER TABLE certificates DROP COLUMN key_number;"
                 "DELETE FROM schema_version WHERE version > 4")
              .empty());
  ca::SqliteStore store{{.path = folder.store()}, clock};
  const auto kept = store.authority(authority.arn).value();
  CHECK(kept.key_number == 1);
  CHECK(kept.last_key_number == 1);
  CHECK(kept.other_keys.empty());
  const auto series = store.crls(authority.arn);
  REQUIRE(series.size() == 3);
  const ca::Seconds end = certificate.validity.not_after;
  const std::string named = authority.arn.id + ".crl";
  CHECK(series[0].places == std::vector<ca::CrlPlace>{{"", "first/complete.crl", end},
                                                      {"now", "first/complete.crl", end},
                                                      {"now", "p/" + named, end},
                                                      {"then", "crl/" + named, end},
                                                      {"then", "first/complete.crl", end}});
  CHECK(series[1].places == std::vector<ca::CrlPlace>{{"", "first/part.crl", end},
                                                      {"now", "first/part.crl", end},
                                                      {"then", "first/part.crl", end}});
  CHECK(series[2].places.empty());
}

TEST_CASE("store: opening reads the end of the log and not all of it", "[ledger][I19]") {
  // Ratios only: the machine is shared. 50,000 events and certificates.
  const test::TemporaryFolder folder;
  fill(folder.store(), 50'000);
  REQUIRE(
      change(
          folder.store(),
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) "
          "INSERT INTO certificates SELECT NULL, 1, randomblob(16), 'F', 0, i, i, i, NULL, NULL, '', NULL, "
          "NULL, 't', 'SHA256WITHECDSA', 'a', 'p', 'r', NULL, '', zeroblob(32), 's', zeroblob(300), '', x'', "
          "NULL, 1 FROM n")
          .empty());
  const test::FakeClock clock;
  auto opening = std::chrono::steady_clock::duration::max();
  for (int round = 0; round < 3; ++round) {  // a disk that is busy with something else is not so each time
    const auto begin = std::chrono::steady_clock::now();
    const ca::SqliteStore once{{.path = folder.store()}, clock};
    opening = std::min(opening, std::chrono::steady_clock::now() - begin);
  }
  ca::SqliteStore store{{.path = folder.store()}, clock};
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t lines = 0;
  for (std::uint64_t from = 0; from < store.audit_head().size(); from += 1000) {
    for (const auto& line : store.audit_lines(from, 1000)) {
      lines += ca::leaf_hash(line.line) == line.leaf ? 1 : 0;
    }
  }
  const auto reading_all = std::chrono::steady_clock::now() - start;
  CHECK(lines == store.audit_head().size());
  INFO("opening took " << opening / 1ms << " ms, reading the whole log " << reading_all / 1ms << " ms");
  CHECK(opening < reading_all);
}

TEST_CASE("store: no statement walks a table", "[ledger][I16]") {
  const test::ConnectionTap tap;
  const test::TemporaryFolder folder;
  test::FakeClock clock;
  ca::SqliteStore store{{.path = folder.store()}, clock};
  std::vector<ca::AuthorityRecord> authorities;
  std::vector<ca::CertificateRecord> records;
  const ca::IdempotencyClaim claim{"s", "", ca::Sha256{}, 5min};
  for (int a = 0; a < 3; ++a) {
    authorities.push_back(test::make_authority(clock.now()));
    REQUIRE(test::outcome_of(store.commit(test::insert(authorities.back()))) == "applied");
    for (int i = 0; i < 20; ++i) {
      auto record = test::make_certificate(authorities.back(), clock.now());
      record.device_id = "pump-" + std::to_string(i % 4);
      auto own_claim = claim;
      own_claim.token = record.serial.hex();
      REQUIRE(test::outcome_of(store.commit(test::insert(record, own_claim, true))) == "applied");
      records.push_back(record);
      if (i % 2 == 0) {
        REQUIRE(test::outcome_of(store.commit(test::issued(record, clock.now()))) == "applied");
      }
      if (i % 4 == 0) {
        REQUIRE(test::outcome_of(store.commit(test::revoked(record, clock.now()))) == "applied");
      }
      if (i % 4 == 1) {
        REQUIRE(test::outcome_of(store.commit(test::failed(record))) == "applied");
      }
    }
  }
  clock.advance(1h);  // the claims are over: this commit sweeps
  REQUIRE(test::outcome_of(store.commit({ca::UpdateAuthority{authorities.front()},
                                         {test::event_of("authority.updated")}})) == "applied");
  const ca::AuditReportRecord report{.authority = authorities.front().arn, .id = ca::random_uuid()};
  REQUIRE(test::outcome_of(store.commit({ca::InsertAuditReport{report, 30min},
                                         {test::event_of("audit_report.ordered")}})) == "applied");
  CHECK(store.authority(authorities[1].arn));
  CHECK(store.certificate(records[3].issuer, records[3].serial));
  CHECK(store.pending(3, 10).size() == 10);
  CHECK(store.by_device_key({records[3].issuer, "pump-3", "", records[3].key_hash}));
  CHECK(store.by_device("111122223333", "pump-3", 100).size() == 15);
  CHECK(store.expiring("111122223333", ca::to_seconds(clock.now()) + 48h, {}, 100).size() == 15);
  CHECK(store.audit_lines(5, 10).size() == 10);
  CHECK(store.issued(authorities.front().arn, 1, 5).size() == 5);
  const ca::CertificateFilter devices{.device_ids = {"pump-1", "pump-3"}};
  CHECK(store.find_certificates({authorities.front().arn, devices, {}, 100}).certificates.size() == 10);
  CHECK(store.find_certificates({authorities.front().arn, {}, records[3].serial, 5}).certificates.size() ==
        5);
  CHECK(store.unwritten_reports().size() == 1);
  CHECK(store.audit_report(report.authority, report.id));
  for (const std::string& sql : tap.scans()) {
    // Four counters are all of that table, nothing of PRAGMA or the schema grows with the store, and a
    // migration runs once.
    const bool small =
        sql.find("FROM counters") != std::string::npos || sql.find("sqlite_master") != std::string::npos ||
        sql.find("schema_version") != std::string::npos || sql.find("ALTER TABLE") != std::string::npos ||
        sql.find("DROP INDEX") != std::string::npos || sql.find("INSERT INTO crl_places") == 0 ||
        sql.find("DROP TRIGGER") != std::string::npos;
    INFO(sql);
    CHECK(small);
  }
}
