#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "ca/base/hex.hpp"
#include "tests/integration/authority/outside.hpp"

using nlohmann::json;
using test::World;
using Status = ca::ReportStatus;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

ca::AuditReportRecord order(World& world, const ca::AuthorityArn& arn,
                            ca::ReportFormat format = ca::ReportFormat::json) {
  return world.service->order_report(World::caller(), {arn, "reports", format});
}

bool becomes(World& world, const ca::AuditReportRecord& report, Status status) {
  return World::eventually(
      [&] { return world.service->report(World::caller(), report.authority, report.id).status == status; });
}

fs::path place_of(const World& world, const ca::AuditReportRecord& report) {
  return world.folder / "reports" / report.key();
}

std::string text_of(const World& world, const ca::AuditReportRecord& report) {
  std::ifstream file{place_of(world, report), std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// A bucket whose server is away; counts how often it was asked.
class AwayBucket : public ca::Bucket {
 public:
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::optional<std::string> url() const override { return std::nullopt; }
  [[nodiscard]] std::unique_ptr<Upload> begin(const std::string&, const std::string&) override {
    ++asked;
    throw ca::Error{ca::Code::unavailable, "attempt " + std::to_string(asked.load())};
  }
  void put(const std::string&, ca::ByteView, const std::string&) override {}
  [[nodiscard]] std::optional<ca::Bytes> get(const std::string&, std::size_t) override {
    return std::nullopt;
  }

  std::atomic<int> asked{0};

 private:
  const std::string name_ = "away";
};

ca::AuditEvent some_event(const std::string& type) {
  ca::AuditEvent event;
  event.type = type;
  event.outcome = "ok";
  return event;
}

// Arranges that the service finds the order at its next start, as after a crash.
ca::AuditReportRecord order_before_start(World& world, const ca::AuthorityArn& arn) {
  const ca::AuditReportRecord report{
      .authority = arn, .id = ca::random_uuid(), .bucket = "reports", .created_at = world.clock.now()};
  world.service.reset();
  REQUIRE(ca::committed(*world.store,
                        {ca::InsertAuditReport{report, 30min}, {some_event("audit_report.ordered")}})
              .outcome == ca::CommitResult::Outcome::applied);
  return report;
}

// The last event of that type.
json event_of(const World& world, const std::string& type) {
  json found;
  for (const auto& line : world.store->audit_lines(0, 100000)) {
    auto event = json::parse(line.line);
    if (event.at("type") == type) {
      found = std::move(event);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("report: all that was issued is in it in order, revoked or not, and nothing else",
          "[authority][I5]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Other");
  const auto issue = [&](const ca::AuthorityArn& arn, const std::string& name) {
    return world.service->issue(World::caller(), world.order(arn, test::make_csr({.common_name = name})));
  };
  const auto first = issue(root, "first");
  const auto second = issue(root, "second, \"quoted\"");
  (void)issue(other, "elsewhere");
  world.clock.advance(1h);
  world.service->revoke(World::caller(), root, second.serial.hex(), ca::RevocationReason::superseded);
  world.signer.set_away(true);
  const auto waiting = issue(root, "waiting");
  REQUIRE(world.state_of(waiting) == ca::CertificateState::pending);

  const auto report = order(world, root);
  CHECK(report.status == Status::creating);
  REQUIRE(becomes(world, report, Status::success));
  const std::string text = text_of(world, report);
  const json list = json::parse(text);
  REQUIRE(list.size() == 3);  // with the root's own
  CHECK(list[1].at("certificateArn") == first.text());
  CHECK_FALSE(list[1].contains("revokedAt"));
  CHECK(list[2].at("certificateArn") == second.text());
  CHECK(list[2].at("subject") == R"(CN=second\, \"quoted\")");
  CHECK(list[2].at("revocationReason") == "SUPERSEDED");
  CHECK(list[2].at("revokedAt") == ca::rfc3339(ca::to_seconds(world.clock.now())).substr(0, 19) + "+0000");

  const json written = event_of(world, "audit_report.written");
  CHECK(written.at("detail").at("sha256") == ca::to_hex(ca::sha256(ca::bytes_of(text))));
  CHECK(written.at("detail").at("certificates") == "3");
  CHECK(event_of(world, "audit_report.ordered").at("detail").at("report") == report.id);
}

TEST_CASE("report: one longer than a page is whole", "[authority][I16]") {
  World world;
  const auto root = world.active_root();
  std::vector<std::future<ca::CommitResult>> answers;
  std::vector<std::string> expected;
  for (int i = 0; i < 1200; ++i) {
    ca::CertificateRecord record{.issuer = root, .serial = ca::SerialNumber::random()};
    record.template_name = "EndEntityCertificate";
    record.validity = {ca::to_seconds(world.clock.now()), ca::to_seconds(world.clock.now()) + 24h};
    record.account = root.account;
    record.requested_at = world.clock.now();
    expected.push_back(record.arn().text());
    answers.push_back(
        world.store->commit({ca::InsertPending{record, {}}, {some_event("certificate.pending")}}));
    answers.push_back(
        world.store->commit({ca::MarkIssued{root, record.serial, {0x30, 0x00}, world.clock.now(), 1},
                             {some_event("certificate.issued")}}));
  }
  for (auto& answer : answers) {
    REQUIRE(answer.get().outcome == ca::CommitResult::Outcome::applied);
  }
  const auto report = order(world, root);
  REQUIRE(becomes(world, report, Status::success));
  const json list = json::parse(text_of(world, report));
  REQUIRE(list.size() == expected.size() + 1);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    REQUIRE(list[i + 1].at("certificateArn") == expected[i]);
  }
}

TEST_CASE("report: one that was ordered before a crash is written after it", "[authority][I19]") {
  World world;
  const auto root = world.active_root();
  const auto report = order_before_start(world, root);
  fs::create_directories(place_of(world, report).parent_path());
  const fs::path leftover =
      place_of(world, report).parent_path() / ("." + place_of(world, report).filename().string() + ".part");
  std::ofstream{leftover} << "half of an earlier attempt";
  world.restart();
  REQUIRE(becomes(world, report, Status::success));
  CHECK(json::parse(text_of(world, report)).size() == 1);
  CHECK_FALSE(fs::exists(leftover));
  CHECK(world.events("audit_report.written") == 1);
}

TEST_CASE("report: an answer of the ledger that was lost makes no second report", "[authority][I13]") {
  World world;
  const auto root = world.active_root();
  using Fault = test::FaultyLedger::Fault;
  for (const auto fault : {Fault::before, Fault::after}) {
    world.ledger.fail_next<ca::MarkAuditReport>(fault);
    const auto report = order(world, root);
    REQUIRE(becomes(world, report, Status::success));
    const auto written = event_of(world, "audit_report.written");
    CHECK(written.at("detail").at("report") == report.id);
    CHECK(written.at("detail").at("sha256") == ca::to_hex(ca::sha256(ca::bytes_of(text_of(world, report)))));
    world.clock.advance(31min);
  }
  CHECK(world.events("audit_report.written") == 2);
}

TEST_CASE("report: where nothing can be written it fails, says so, and another can be ordered",
          "[authority][I5]") {
  World world;
  const auto root = world.active_root();
  const fs::path obstacle = world.folder / "reports" / "audit-report";
  std::ofstream{obstacle} << "a file where a folder belongs";
  const auto failed = order(world, root);
  REQUIRE(becomes(world, failed, Status::failed));
  const auto event = event_of(world, "audit_report.failed");
  CHECK(event.at("outcome") == "failed");
  CHECK(event.at("detail").at("report") == failed.id);
  CHECK_THAT(event.at("detail").at("reason").get<std::string>(), Contains("audit-report"));
  CHECK(World::eventually([&] { return world.noticed(failed.id + " of " + root.text() + " has failed"); }));
  fs::remove(obstacle);
  CHECK(becomes(world, order(world, root), Status::success));
}

TEST_CASE("report: a bucket that left the configuration fails what waits for it", "[authority][I19]") {
  World world;
  const auto root = world.active_root();
  const auto report = order_before_start(world, root);
  world.options.buckets.clear();
  world.restart();
  CHECK(becomes(world, report, Status::failed));
  CHECK(world.events("audit_report.failed") == 1);
}

// No descriptors left stands here for a full disk: both may pass.
TEST_CASE("report: it is tried again while the trouble may pass, and given up in the end",
          "[authority][I19]") {
  World world;
  const auto root = world.active_root();
  REQUIRE(becomes(world, order(world, root), Status::success));  // every connection is open now
  world.clock.advance(31min);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto report = order(world, root);
  // Nothing is read here meanwhile: a connection that was never used could not open its files.
  const bool kept = World::eventually(
      [&] { return world.noticed(report.id + " of " + root.text() + " is not written yet"); });
  SECTION("until it is written") {
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(kept);
    CHECK(becomes(world, report, Status::success));
  }
  SECTION("until its patience ends") {
    world.clock.advance(1h);
    const bool given_up =
        World::eventually([&] { return world.noticed(report.id + " of " + root.text() + " has failed"); });
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(given_up);
    CHECK(becomes(world, report, Status::failed));
  }
}

TEST_CASE("report: those of a bucket that is away hold up the others once in a turn", "[authority][I16]") {
  World world;
  const auto away = std::make_shared<AwayBucket>();
  world.options.buckets.push_back(away);
  world.options.resume_backoff = 5s;
  world.restart();
  std::vector<ca::AuditReportRecord> waiting;
  for (const char* name : {"First", "Second", "Third"}) {
    const auto root = world.active_root(name);
    waiting.push_back(
        {.authority = root, .id = ca::random_uuid(), .bucket = "away", .created_at = world.clock.now()});
    REQUIRE(ca::committed(*world.store, {ca::InsertAuditReport{waiting.back(), 30min},
                                         {some_event("audit_report.ordered")}})
                .outcome == ca::CommitResult::Outcome::applied);
  }
  CHECK(becomes(world, order(world, world.active_root("Other")), Status::success));
  CHECK(away->asked == 1);
  CHECK(
      world.noticed(waiting.front().id + " of " + waiting.front().authority.text() + " is not written yet"));
  world.clock.advance(1h);
  for (const auto& report : waiting) {
    CHECK(becomes(world, report, Status::failed));
  }
}

TEST_CASE("report: a second one within half an hour is refused and names the first", "[authority][I16]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Other");
  const auto first = order(world, root);
  test::refused([&] { (void)order(world, root, ca::ReportFormat::csv); }, ca::Code::request_in_progress,
                first.id);
  REQUIRE(becomes(world, first, Status::success));
  CHECK(becomes(world, order(world, other), Status::success));
  world.restart();
  world.clock.advance(30min - 1s);
  test::refused([&] { (void)order(world, root); }, ca::Code::request_in_progress, "the next one");
  world.clock.advance(2s);
  CHECK(becomes(world, order(world, root), Status::success));
  CHECK(world.events("audit_report.ordered") == 3);
}

TEST_CASE("report: only an active or disabled authority has one ordered", "[authority]") {
  World world;
  const auto refuses = [&](const ca::AuthorityArn& arn) {
    test::refused([&] { (void)order(world, arn); }, ca::Code::invalid_state, "ACTIVE or DISABLED");
  };
  world.options.create_wait = 1ms;
  world.restart();
  world.signer.set_away(true);
  refuses(world.create(ca::AuthorityType::root, "Creating"));
  world.signer.set_away(false);
  world.options.create_wait = 20s;
  world.restart();
  refuses(world.create(ca::AuthorityType::root, "Pending"));

  ca::CreateAuthorityOrder impossible;
  impossible.key_algorithm = ca::KeyAlgorithm::ed25519;
  impossible.signing_algorithm = ca::SigningAlgorithm::ed25519;
  impossible.subject = test::named("Failed");
  const auto failed = world.service->create(World::caller(), impossible);
  REQUIRE(World::eventually([&] {
    return world.service->describe(World::caller(), failed).status == ca::AuthorityStatus::failed;
  }));
  refuses(failed);

  const auto root = world.active_root();
  const auto report = order(world, root);
  REQUIRE(becomes(world, report, Status::success));
  world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::disabled});
  world.clock.advance(31min);
  CHECK(becomes(world, order(world, root, ca::ReportFormat::csv), Status::success));
  world.service->remove(World::caller(), root, 30);
  refuses(root);
  CHECK(world.service->report(World::caller(), root, report.id).status == Status::success);

  const auto expiring = world.active_root("Expiring");
  world.clock.advance(std::chrono::hours{24 * 3651});
  refuses(expiring);
}

TEST_CASE("report: buckets and reports are known by name, those of others not at all", "[authority][I15]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Other");
  for (const std::string bucket : {"elsewhere", "../reports", "Reports", "reports/", "/tmp"}) {
    test::refused(
        [&] {
          (void)world.service->order_report(World::caller(), {root, bucket, ca::ReportFormat::json});
        },
        ca::Code::resource_not_found, "bucket " + bucket);
  }
  CHECK(fs::is_empty(world.folder / "reports"));
  const auto report = order(world, root);
  const auto asked = [&](const ca::Caller& caller, const ca::AuthorityArn& arn, const std::string& id) {
    return World::code_of([&] { (void)world.service->report(caller, arn, id); });
  };
  CHECK(asked(World::caller(), root, ca::random_uuid()) == ca::Code::resource_not_found);
  CHECK(asked(World::caller(), other, report.id) == ca::Code::resource_not_found);
  CHECK(asked(World::caller("admin", "999999999999"), root, report.id) == ca::Code::access_denied);
  CHECK(asked(World::caller("provisioner"), root, report.id) == ca::Code::access_denied);
  CHECK(World::code_of([&] {
          (void)world.service->order_report(World::caller("provisioner"), {root, "reports", {}});
        }) == ca::Code::access_denied);
}
