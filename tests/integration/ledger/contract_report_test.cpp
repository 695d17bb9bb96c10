// What every store must do, whatever it is made of: audit reports and what they list.
#include "tests/integration/ledger/world.hpp"

using namespace std::chrono_literals;
using test::World;

namespace {

ca::AuditReportRecord new_report(const ca::AuthorityRecord& authority, ca::TimePoint now) {
  return {.authority = authority.arn, .id = ca::random_uuid(), .bucket = "reports", .created_at = now};
}

ca::LedgerEntry ordered(const ca::AuditReportRecord& report) {
  return {ca::InsertAuditReport{report, 30min}, {test::event_of("audit_report.ordered")}};
}

ca::LedgerEntry ended(const ca::AuditReportRecord& report, ca::ReportStatus status) {
  return {ca::MarkAuditReport{report.authority, report.id, status}, {test::event_of("audit_report.written")}};
}

std::vector<std::string> unwritten(World& world) {
  std::vector<std::string> ids;
  for (const auto& report : world.inventory().unwritten_reports()) {
    ids.push_back(report.id);
  }
  return ids;
}

}  // namespace

TEST_CASE("ledger: an authority has one report at a time and none in the interval of the last",
          "[ledger][I16]") {
  World world;
  const auto other = test::make_authority(world.now());
  REQUIRE(world.commit(test::insert(other)) == "applied");
  const auto first = new_report(world.authority, world.now());
  REQUIRE(world.commit(ordered(first)) == "applied");
  world.backend->clock.advance(31min);
  const auto events = world.events();
  const auto answer = world.result(ordered(new_report(world.authority, world.now())));
  CHECK(test::outcome_of(answer) == "existing");
  CHECK(answer.existing_report.value().id == first.id);
  CHECK(world.events() == events);
  CHECK(world.commit(ordered(new_report(other, world.now()))) == "applied");

  REQUIRE(world.commit(ended(first, ca::ReportStatus::success)) == "applied");
  const auto second = new_report(world.authority, world.now());
  REQUIRE(world.commit(ordered(second)) == "applied");
  REQUIRE(world.commit(ended(second, ca::ReportStatus::success)) == "applied");
  world.backend->clock.advance(30min - 1ms);
  CHECK(world.commit(ordered(new_report(world.authority, world.now()))) == "existing");
  world.backend->clock.advance(1ms);
  CHECK(world.commit(ordered(new_report(world.authority, world.now()))) == "applied");
}

TEST_CASE("ledger: the interval of reports holds while the clock steps back", "[ledger][I16]") {
  World world;
  REQUIRE(world.commit(test::insert(world.new_certificate())) == "applied");  // the ledger's time is here
  world.backend->clock.advance(-1h);
  const auto first = new_report(world.authority, world.now());
  REQUIRE(world.commit(ordered(first)) == "applied");
  REQUIRE(world.commit(ended(first, ca::ReportStatus::success)) == "applied");
  world.backend->reopen();
  CHECK(world.commit(ordered(new_report(world.authority, world.now()))) == "existing");
}

TEST_CASE("ledger: a report ends once, and one that failed keeps no other away", "[ledger][I5]") {
  World world;
  const auto first = new_report(world.authority, world.now());
  CHECK(world.commit(ended(first, ca::ReportStatus::success)) == "missing");
  REQUIRE(world.commit(ordered(first)) == "applied");
  const auto events = world.events();
  auto elsewhere = first;
  elsewhere.authority.id = ca::random_uuid();
  CHECK(world.commit(ended(elsewhere, ca::ReportStatus::success)) == "missing");
  CHECK(world.commit(ordered(elsewhere)) == "missing");
  REQUIRE(world.commit(ended(first, ca::ReportStatus::failed)) == "applied");
  CHECK(world.commit(ended(first, ca::ReportStatus::success)) == "wrong_state");
  CHECK(world.events() == events + 1);
  CHECK(world.inventory().audit_report(first.authority, first.id).value().status == ca::ReportStatus::failed);
  CHECK(world.commit(ordered(new_report(world.authority, world.now()))) == "applied");
}

TEST_CASE("inventory: reports are read as they were ordered, those without an end oldest first",
          "[inventory][I15][I19]") {
  World world;
  const auto other = test::make_authority(world.now(), "999900001111");
  REQUIRE(world.commit(test::insert(other)) == "applied");
  auto first = new_report(world.authority, world.now());
  first.format = ca::ReportFormat::csv;
  first.bucket = "archive";
  const auto second = new_report(other, world.now() + 1s);
  REQUIRE(world.commit(ordered(first)) == "applied");
  REQUIRE(world.commit(ordered(second)) == "applied");
  CHECK(unwritten(world) == std::vector{first.id, second.id});
  world.backend->reopen();
  CHECK(unwritten(world) == std::vector{first.id, second.id});
  const auto read = world.inventory().audit_report(first.authority, first.id).value();
  CHECK(read.authority == first.authority);
  CHECK(read.id == first.id);
  CHECK(read.bucket == "archive");
  CHECK(read.format == ca::ReportFormat::csv);
  CHECK(read.status == ca::ReportStatus::creating);
  CHECK(read.created_at == first.created_at);
  for (const std::string account : {"999900001111", "111122223333"}) {
    const auto stranger = test::make_authority(world.now(), account);
    REQUIRE(world.commit(test::insert(stranger)) == "applied");
    CHECK_FALSE(world.inventory().audit_report(stranger.arn, first.id));
  }
  REQUIRE(world.commit(ended(first, ca::ReportStatus::success)) == "applied");
  CHECK(unwritten(world) == std::vector{second.id});
}

TEST_CASE("inventory: what an authority has issued comes in order and in pages, and nothing else",
          "[inventory][I15]") {
  World world;
  const auto other = test::make_authority(world.now());
  REQUIRE(world.commit(test::insert(other)) == "applied");
  std::vector<ca::SerialNumber> expected;
  for (int i = 0; i < 14; ++i) {
    const auto record = i % 7 == 3 ? test::make_certificate(other, world.now()) : world.new_certificate();
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i % 7 == 1) {
      continue;  // stays pending
    }
    if (i % 7 == 2) {
      REQUIRE(world.commit(test::failed(record)) == "applied");
      continue;
    }
    REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
    if (i % 7 == 4) {
      REQUIRE(world.commit(test::revoked(record, world.now())) == "applied");
    }
    if (i % 7 != 3) {
      expected.push_back(record.serial);
    }
  }
  std::vector<ca::SerialNumber> seen;
  std::uint64_t cursor = 0;
  for (auto rows = world.inventory().issued(world.authority.arn, cursor, 3); !rows.empty();
       rows = world.inventory().issued(world.authority.arn, cursor, 3)) {
    CHECK(rows.size() <= 3);
    for (const auto& row : rows) {
      CHECK(row.cursor > cursor);
      CHECK(row.record.issued_at);
      cursor = row.cursor;
      seen.push_back(row.record.serial);
    }
  }
  CHECK(seen == expected);
}
