// Tokens, keys and ledgers that misbehave while the authority works.
#include <set>
#include <thread>

#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::FaultyLedger;
using test::World;
using Verdict = ca::KeyVerdict::State;

namespace {

ca::AuthorityStatus status_of(World& world, const ca::AuthorityArn& arn) {
  return world.service->describe(World::caller(), arn).status;
}

}  // namespace

TEST_CASE("fatal: a signature that does not verify stops its authority until a person enables it again",
          "[authority][I4][I14]") {
  World world;
  const auto good = world.active_root("Good");
  const auto bad = world.active_root("Bad");
  world.signer.corrupt = true;
  CHECK(World::code_of([&] {
          (void)world.service->issue(World::caller(), world.order(bad, test::make_csr()));
        }) == ca::Code::signature_check_failed);
  world.signer.corrupt = false;

  CHECK(status_of(world, bad) == ca::AuthorityStatus::disabled);
  CHECK(world.events("authority.stopped") == 1);
  REQUIRE(World::eventually([&] { return world.store->counts().pending == 0; }));
  CHECK(world.store->counts().failed == 1);  // what waited was not signed behind our back
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(good, test::make_csr())));

  world.restart();
  CHECK(status_of(world, bad) == ca::AuthorityStatus::disabled);
  CHECK(World::code_of([&] {
          (void)world.service->issue(World::caller(), world.order(bad, test::make_csr()));
        }) == ca::Code::invalid_state);
  world.service->update(World::caller(), bad, {.status = ca::AuthorityStatus::active});
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(bad, test::make_csr())));
}

TEST_CASE("fatal: a bad signature over a resumed row stops its authority too", "[authority][I4]") {
  World world;
  const auto root = world.active_root();
  world.signer.set_away(true);
  const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  world.signer.corrupt = true;
  world.signer.set_away(false);
  REQUIRE(World::eventually([&] { return world.state_of(arn) == ca::CertificateState::failed; }));
  CHECK(status_of(world, root) == ca::AuthorityStatus::disabled);
  CHECK(world.store->certificate(root, arn.serial)->der.empty());
}

TEST_CASE("issue: the intent is durable when the token is asked", "[authority][I2][I3]") {
  World world;
  const auto root = world.active_root();
  std::size_t waiting = 0;
  world.signer.after_next_signature([&] { waiting = world.store->counts().pending; });
  (void)world.service->issue(World::caller(), world.order(root, test::make_csr()));
  CHECK(waiting == 1);
}

TEST_CASE("issue: an authority that is disabled while its token signs issues nothing", "[authority][I3]") {
  World world;
  const auto root = world.active_root();
  world.signer.after_next_signature(
      [&] { world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::disabled}); });
  const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  CHECK(world.state_of(arn) == ca::CertificateState::failed);
  CHECK(World::code_of([&] { (void)world.service->certificate(World::caller(), root, arn); }) ==
        ca::Code::request_failed);
}

TEST_CASE("issue: an authority that is renewed while its token signs is judged by its new certificate",
          "[authority][I10]") {
  World world;
  const auto root = world.active_root();
  auto renewal = world.order(root, world.service->csr(World::caller(), root), "RootCACertificate");
  renewal.validity.value = 365;
  const auto renewed =
      world.service->certificate(World::caller(), root, world.service->issue(World::caller(), renewal));
  const auto renew = [&] {
    world.service->import_certificate(World::caller(), {root, renewed.certificate, std::nullopt});
  };
  auto order = world.order(root, test::make_csr());

  order.validity.value = 1000;
  world.signer.after_next_signature(renew);
  const auto beyond = world.service->issue(World::caller(), order);
  REQUIRE(World::eventually([&] { return world.state_of(beyond) == ca::CertificateState::failed; }));

  order.validity.value = 90;
  world.signer.after_next_signature(renew);
  const auto within = world.service->issue(World::caller(), order);
  REQUIRE(World::eventually([&] { return world.state_of(within) == ca::CertificateState::issued; }));
}

TEST_CASE("key: one that is known to be bad takes no requests and others go on", "[authority][I14][I16]") {
  World world;
  const auto good = world.active_root("Good");
  const auto bad = world.active_root("Bad");
  world.signer.set_verdict(bad.id, {Verdict::unusable, "CKA_EXTRACTABLE is true"});
  const auto rows = world.store->counts().pending;
  CHECK(World::code_of([&] {
          (void)world.service->issue(World::caller(), world.order(bad, test::make_csr()));
        }) == ca::Code::invalid_state);
  CHECK(world.store->counts().pending == rows);
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(good, test::make_csr())));
  const auto keys = world.service->status().keys;
  REQUIRE(keys.size() == 2);
  for (const auto& key : keys) {
    CHECK((key.verdict.state == Verdict::usable) == (key.arn == good.text()));
  }
  world.signer.set_verdict(bad.id, {Verdict::usable, ""});
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(bad, test::make_csr())));
}

TEST_CASE("key: what waits for a key that stays bad fails when its time is over", "[authority][I14][I19]") {
  World world;
  const auto root = world.active_root();
  world.signer.set_away(true);
  const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  world.signer.set_verdict(root.id, {Verdict::unusable, "the key is missing"});
  world.signer.set_away(false);
  world.clock.advance(std::chrono::minutes{59});
  (void)world.service->issue(World::caller(), world.order(world.active_root("Other"), test::make_csr()));
  CHECK(world.state_of(arn) == ca::CertificateState::pending);
  REQUIRE(World::eventually([&] {
    world.clock.advance(std::chrono::minutes{1});
    return world.state_of(arn) == ca::CertificateState::failed;
  }));
}

TEST_CASE("pending: an account that fills its share leaves the others theirs", "[authority][I15][I16]") {
  World world;
  world.options.max_pending = 3;
  world.restart();
  const auto root = world.active_root();
  world.signer.set_away(true);
  for (int i = 0; i < 3; ++i) {
    CHECK_NOTHROW(world.service->issue(World::caller(), world.order(root, test::make_csr())));
  }
  CHECK(World::code_of([&] {
          (void)world.service->issue(World::caller(), world.order(root, test::make_csr()));
        }) == ca::Code::throttled);
  world.signer.set_away(false);
  REQUIRE(World::eventually([&] { return world.store->counts().pending == 0; }));
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(root, test::make_csr())));
}

TEST_CASE("ledger: a first commit whose answer is lost is finished in the background",
          "[authority][I13][I19]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr());
  order.idempotency_token = "t";
  const auto before = world.store->counts().issued;
  const auto fault = GENERATE(FaultyLedger::Fault::before, FaultyLedger::Fault::after);
  world.ledger.fail_next<ca::InsertPending>(fault);
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) == ca::Code::unavailable);
  const auto arn = world.service->issue(World::caller(), order);
  REQUIRE(World::eventually([&] { return world.state_of(arn) == ca::CertificateState::issued; }));
  CHECK(world.store->counts().issued == before + 1);
}

TEST_CASE("ledger: a second commit whose answer is lost gives one certificate", "[authority][I1][I13]") {
  World world;
  const auto root = world.active_root();
  const auto fault = GENERATE(FaultyLedger::Fault::before, FaultyLedger::Fault::after);
  world.ledger.fail_next<ca::MarkIssued>(fault);
  const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  REQUIRE(World::eventually([&] { return world.state_of(arn) == ca::CertificateState::issued; }));
  CHECK(world.events("certificate.issued") == world.store->counts().issued);
  CHECK(world.store->counts().pending == 0);
}

TEST_CASE("ledger: a change of an authority whose answer is lost is what everybody sees",
          "[authority][I13]") {
  World world;
  const auto root = world.active_root();
  world.ledger.fail_next<ca::UpdateAuthority>(FaultyLedger::Fault::after);
  CHECK(World::code_of([&] {
          world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::disabled});
        }) == ca::Code::unavailable);
  CHECK(status_of(world, root) == ca::AuthorityStatus::disabled);
  CHECK(World::code_of([&] {
          (void)world.service->issue(World::caller(), world.order(root, test::make_csr()));
        }) == ca::Code::invalid_state);
  world.ledger.fail_next<ca::UpdateAuthority>(FaultyLedger::Fault::before);
  CHECK(World::code_of([&] {
          world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::active});
        }) == ca::Code::unavailable);
  CHECK(status_of(world, root) == ca::AuthorityStatus::disabled);
  CHECK_NOTHROW(world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::active}));
}

TEST_CASE("ledger: a creation whose answer is lost is one authority for its token", "[authority][I12][I13]") {
  World world;
  ca::SubjectFields subject;
  subject.common_name = "Once";
  ca::CreateAuthorityOrder order;
  order.subject = ca::encode_subject(subject);
  order.idempotency_token = "t";
  world.ledger.fail_next<ca::InsertAuthority>(FaultyLedger::Fault::after);
  CHECK(World::code_of([&] { (void)world.service->create(World::caller(), order); }) ==
        ca::Code::unavailable);
  const auto arn = world.service->create(World::caller(), order);
  REQUIRE(
      World::eventually([&] { return status_of(world, arn) == ca::AuthorityStatus::pending_certificate; }));
  CHECK(world.store->all_authorities().size() == 1);
}

TEST_CASE("create: a crash after the key was made uses that key", "[authority][I19]") {
  World world;
  world.options.create_wait = std::chrono::milliseconds{20};
  world.restart();
  world.ledger.fail_next<ca::UpdateAuthority>(FaultyLedger::Fault::before);
  const auto arn = world.create(ca::AuthorityType::root, "Interrupted");
  world.restart();
  REQUIRE(
      World::eventually([&] { return status_of(world, arn) == ca::AuthorityStatus::pending_certificate; }));
  CHECK(world.signer.generations == 1);
}

TEST_CASE("create: a token that cannot make such a key fails the authority", "[authority]") {
  World world;
  ca::SubjectFields subject;
  subject.common_name = "Impossible";
  ca::CreateAuthorityOrder order;
  order.key_algorithm = ca::KeyAlgorithm::ed25519;
  order.signing_algorithm = ca::SigningAlgorithm::ed25519;
  order.subject = ca::encode_subject(subject);
  const auto arn = world.service->create(World::caller(), order);
  REQUIRE(World::eventually([&] { return status_of(world, arn) == ca::AuthorityStatus::failed; }));
  CHECK(World::code_of([&] { (void)world.service->csr(World::caller(), arn); }) == ca::Code::request_failed);
}

TEST_CASE("create: threads that race for the last place of the quota do not exceed it", "[authority][I16]") {
  World world;
  world.options.max_authorities = 3;
  world.restart();
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      try {
        (void)world.create(ca::AuthorityType::root, "Racing " + std::to_string(i));
        ++made;
      } catch (const ca::Error&) {
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(made == 3);
  CHECK(world.store->all_authorities().size() == 3);
}

TEST_CASE("refusals: a flood of one principal is counted and summed up", "[authority][I16]") {
  World world;
  const auto caller = World::caller("provisioner");
  for (int i = 0; i < 500; ++i) {
    world.service->record_refusal(caller, "IssueCertificate", "*", "no statement allows it");
  }
  world.service->record_refusal(World::caller("other"), "IssueCertificate", "*", "no statement allows it");
  REQUIRE(World::eventually([&] { return world.events("request.refused") == 61; }));
  CHECK(world.events("requests.refused") == 0);
  world.clock.advance(std::chrono::minutes{1});
  // Any creation wakes the loop that writes what is due.
  (void)world.create(ca::AuthorityType::root, "Any");
  REQUIRE(World::eventually([&] { return world.events("requests.refused") == 1; }));
  bool summed = false;
  for (const auto& line : world.store->audit_lines(0, 1000)) {
    summed = summed || line.line.find(R"("count":"440")") != std::string::npos;
  }
  CHECK(summed);
}
