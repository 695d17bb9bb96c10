// What every store must do, whatever it is made of: the reading side and the audit log.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/integration/ledger/world.hpp"

using namespace std::chrono_literals;
using test::for_device;
using test::World;
TEST_CASE("inventory: all authorities are read in the order of their creation", "[inventory]") {
  World world;
  std::vector<std::string> expected{world.authority.arn.id};
  for (const char* account : {"111122223333", "999900001111", "111122223333"}) {
    world.backend->clock.advance(1ms);
    const auto record = test::make_authority(world.now(), account);
    expected.push_back(record.arn.id);
    REQUIRE(world.commit(test::insert(record)) == "applied");
  }
  std::vector<std::string> seen;
  for (const auto& record : world.inventory().all_authorities()) {
    seen.push_back(record.arn.id);
  }
  CHECK(seen == expected);
}

TEST_CASE("inventory: pending rows come in order of arrival", "[inventory][I19]") {
  World world;
  std::vector<ca::SerialNumber> expected;
  for (int i = 0; i < 7; ++i) {
    const auto record = world.new_certificate();
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i % 3 == 1) {
      REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
    } else {
      expected.push_back(record.serial);
    }
  }
  std::vector<ca::SerialNumber> seen;
  std::uint64_t cursor = 0;
  for (auto rows = world.inventory().pending(cursor, 2); !rows.empty();
       rows = world.inventory().pending(cursor, 2)) {
    for (const auto& row : rows) {
      CHECK(row.cursor > cursor);
      CHECK(row.record.tbs_der.size() == 700);
      cursor = row.cursor;
      seen.push_back(row.record.serial);
    }
  }
  CHECK(seen == expected);
}

TEST_CASE("inventory: certificates of a device come newest first", "[inventory][I15]") {
  World world;
  std::vector<ca::SerialNumber> newest_first;
  for (int i = 0; i < 4; ++i) {
    const auto record = for_device(world.new_certificate(), i == 2 ? "pump-8" : "pump-7");
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i != 2) {
      newest_first.insert(newest_first.begin(), record.serial);
    }
  }
  std::vector<ca::SerialNumber> seen;
  for (const auto& record : world.inventory().by_device("111122223333", "pump-7", 10)) {
    seen.push_back(record.serial);
  }
  CHECK(seen == newest_first);
  CHECK(world.inventory().by_device("111122223333", "pump-7", 2).size() == 2);
  CHECK(world.inventory().by_device("999900001111", "pump-7", 2).empty());
  CHECK(world.inventory().by_device("111122223333", "", 2).empty());
  CHECK_FALSE(world.inventory().by_device_key({world.authority.arn, "pump-9", "", {}}));
}

TEST_CASE("inventory: what expires soon comes soonest first and in pages", "[inventory]") {
  World world;
  std::vector<std::pair<ca::Seconds, std::string>> expected;
  const auto now = ca::to_seconds(world.now());
  for (int i = 0; i < 12; ++i) {
    auto record = world.new_certificate();
    record.validity.not_after = now + std::chrono::hours{(i * 5) % 4};  // three of each
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i == 5) {
      continue;  // stays pending
    }
    REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
    if (i == 6) {
      REQUIRE(world.commit(test::revoked(record, world.now())) == "applied");
    } else if (record.validity.not_after < now + 3h) {
      expected.emplace_back(record.validity.not_after, record.serial.hex());
    }
  }
  std::sort(expected.begin(), expected.end());
  std::vector<std::pair<ca::Seconds, std::string>> seen;
  ca::Inventory::ExpiryCursor cursor;
  const auto page = [&] { return world.inventory().expiring("111122223333", now + 3h, cursor, 2); };
  for (auto records = page(); !records.empty(); records = page()) {
    for (const auto& record : records) {
      cursor = {record.validity.not_after, record.serial.hex()};
      seen.emplace_back(cursor.not_after, cursor.serial_hex);
    }
  }
  CHECK(seen == expected);
  CHECK(world.inventory().expiring("999900001111", now + 3h, {}, 10).empty());
}

TEST_CASE("inventory: counts follow every change", "[inventory][I5]") {
  World world;
  for (int i = 0; i < 10; ++i) {
    const auto record = world.new_certificate();
    REQUIRE(world.commit(test::insert(record)) == "applied");
    if (i < 6) {
      REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
    } else if (i < 8) {
      REQUIRE(world.commit(test::failed(record)) == "applied");
    }
    if (i == 0) {
      REQUIRE(world.commit(test::revoked(record, world.now())) == "applied");
    }
  }
  const auto counts = world.inventory().counts();
  CHECK(counts.pending == 2);
  CHECK(counts.issued == 5);
  CHECK(counts.failed == 2);
  CHECK(counts.revoked == 1);
}

TEST_CASE("audit log: the events of a change stand in their order and under one head", "[audit][I5][I6]") {
  World world;
  const auto record = world.new_certificate();
  ca::LedgerEntry entry = test::insert(record);
  entry.events.push_back(test::event_of("policy.decided"));
  entry.events.push_back(test::event_of("request.done"));
  REQUIRE(world.commit(entry) == "applied");
  REQUIRE(world.commit({ca::AppendEvents{}, {test::event_of("request.refused")}}) == "applied");
  std::vector<std::string> types;
  for (const auto& line : world.backend->audit().audit_lines(1, 10)) {
    types.push_back(nlohmann::json::parse(line.line).at("type"));
  }
  CHECK(types ==
        std::vector<std::string>{"certificate.pending", "policy.decided", "request.done", "request.refused"});
  CHECK(world.backend->audit().audit_lines(3, 1).size() == 1);
  CHECK(world.backend->audit().audit_lines(5, 10).empty());
}

TEST_CASE("audit log: its time never runs backwards", "[audit][I17]") {
  World world;
  const auto last_time = [&] {
    ca::AuditLog& audit = world.backend->audit();
    const auto lines = audit.audit_lines(audit.audit_head().size() - 1, 1);
    return nlohmann::json::parse(lines.front().line).at("ts").get<std::string>();
  };
  const auto note = [&] {
    return test::outcome_of(world.ledger().commit({ca::AppendEvents{}, {test::event_of("note")}}));
  };
  world.backend->clock.advance(1h);
  REQUIRE(note() == "applied");
  const auto latest = last_time();
  CHECK(latest == ca::rfc3339(world.now()));
  world.backend->clock.advance(-2h);
  REQUIRE(note() == "applied");
  CHECK(last_time() == latest);
  world.backend->reopen();
  REQUIRE(note() == "applied");
  CHECK(last_time() == latest);
  world.backend->clock.advance(3h);
  REQUIRE(note() == "applied");
  CHECK(last_time() == ca::rfc3339(world.now()));
}
