// What every store must do, whatever it is made of: the writing side.
#include <set>

#include "tests/integration/ledger/world.hpp"

using namespace std::chrono_literals;
using test::for_device;
using test::World;

TEST_CASE("ledger: a record comes back as it was committed", "[ledger][I1]") {
  World world;
  ca::AuthorityRecord authority = test::make_authority(world.now() + 1ms);
  authority.type = ca::AuthorityType::subordinate;
  authority.key_algorithm = ca::KeyAlgorithm::rsa_4096;
  authority.signing_algorithm = ca::SigningAlgorithm::sha512_with_rsa;
  authority.status = ca::AuthorityStatus::active;
  authority.key_uri = "pkcs11:token=t;object=o";
  authority.spki_der = {1, 2};
  authority.csr_der = {3};
  authority.certificate_der = {4, 0, 5};
  authority.certificate_pem = "-----BEGIN CERTIFICATE-----\n";
  authority.chain_pem = "chain";
  authority.validity = ca::Validity{ca::to_seconds(world.now()), ca::to_seconds(world.now()) + 1h};
  authority.last_state_change_at = world.now() + 7ms;
  authority.failure_reason = "OTHER";
  authority.generation = 3;
  authority.deleted_from = ca::AuthorityStatus::disabled;
  authority.restorable_until = world.now() + 9ms;
  authority.permissions_json = R"([{"Principal":"p"}])";
  authority.policy_json = R"({"Version":"2012-10-17"})";
  authority.csr_extensions = {{"2.5.29.15", true, {3, 2, 1, 6}}, {"1.2.3", false, {5, 0}}};
  authority.key_number = 3;
  authority.last_key_number = 7;
  authority.other_keys = {test::make_key(2, world.now()), test::make_key(7)};
  REQUIRE(world.commit(test::insert(authority)) == "applied");
  const ca::AuthorityRecord a = world.inventory().authority(authority.arn).value();
  CHECK(a.arn == authority.arn);
  CHECK(a.type == authority.type);
  CHECK(a.key_algorithm == authority.key_algorithm);
  CHECK(a.signing_algorithm == authority.signing_algorithm);
  CHECK(a.status == authority.status);
  CHECK(a.subject_der == authority.subject_der);
  CHECK(a.configuration_json == authority.configuration_json);
  CHECK(a.revocation_json == authority.revocation_json);
  CHECK(a.tags_json == authority.tags_json);
  CHECK(a.usage_mode == authority.usage_mode);
  CHECK(a.key_storage_security_standard == authority.key_storage_security_standard);
  CHECK(a.key_token == authority.key_token);
  CHECK(a.key_uri == authority.key_uri);
  CHECK(a.spki_der == authority.spki_der);
  CHECK(a.csr_der == authority.csr_der);
  CHECK(a.certificate_der == authority.certificate_der);
  CHECK(a.certificate_pem == authority.certificate_pem);
  CHECK(a.chain_pem == authority.chain_pem);
  CHECK(a.validity == authority.validity);
  CHECK(a.created_at == authority.created_at);
  CHECK(a.last_state_change_at == authority.last_state_change_at);
  CHECK(a.failure_reason == authority.failure_reason);
  CHECK(a.generation == 3);
  CHECK(a.deleted_from == authority.deleted_from);
  CHECK(a.restorable_until == authority.restorable_until);
  CHECK(a.permissions_json == authority.permissions_json);
  CHECK(a.policy_json == authority.policy_json);
  CHECK(a.csr_extensions == authority.csr_extensions);
  CHECK(a.key_number == 3);
  CHECK(a.last_key_number == 7);
  CHECK(a.other_keys == authority.other_keys);
  CHECK(a.version == 0);

  ca::CertificateRecord record = for_device(world.new_certificate(), "pump-7");
  record.self_signed = true;
  record.signing_algorithm = ca::SigningAlgorithm::ed25519;
  record.idempotency_token = "token";
  record.passed_through = {{"1.2.4", true, {5, 0}}};
  record.subject = "CN=Zürich, nul" + std::string{"\0x", 2};
  REQUIRE(world.commit(test::insert(record)) == "applied");
  REQUIRE(world.commit(test::issued(record, world.now() + 3ms)) == "applied");
  REQUIRE(world.commit(test::revoked(record, world.now() + 9ms)) == "applied");
  const ca::CertificateRecord c = world.stored(record);
  CHECK(c.arn() == record.arn());
  CHECK(c.state == ca::CertificateState::revoked);
  CHECK(c.self_signed);
  CHECK(c.template_name == record.template_name);
  CHECK(c.passed_through == record.passed_through);
  CHECK(c.signing_algorithm == record.signing_algorithm);
  CHECK(c.tbs_der == record.tbs_der);
  CHECK(c.der == test::der_of(record));
  CHECK(c.subject == record.subject);
  CHECK(c.validity == record.validity);
  CHECK(c.key_hash == record.key_hash);
  CHECK(c.account == record.account);
  CHECK(c.requested_by == record.requested_by);
  CHECK(c.request_id == record.request_id);
  CHECK(c.device_id == "pump-7");
  CHECK(c.idempotency_token == "token");
  CHECK(c.requested_at == record.requested_at);
  CHECK(c.issued_at == world.now() + 3ms);
  CHECK(c.revoked_at == world.now() + 9ms);
  CHECK(c.revocation_reason == ca::RevocationReason::key_compromise);
  CHECK(c.failure_reason.empty());
}

TEST_CASE("ledger: what was committed is there after a restart", "[ledger][I1][I19]") {
  World world;
  const auto record = world.new_certificate();
  REQUIRE(world.commit(test::insert(record)) == "applied");
  REQUIRE(world.commit(test::issued(record, world.now())) == "applied");
  const auto head = world.backend->audit().audit_head();

  world.backend->reopen();

  ca::Inventory& inventory = world.backend->inventory();
  CHECK(inventory.certificate(record.issuer, record.serial)->der == test::der_of(record));
  CHECK(inventory.authority(world.authority.arn));
  CHECK(world.backend->audit().audit_head().root() == head.root());
  CHECK(inventory.counts().issued == 1);
}

TEST_CASE("ledger: a serial is used once by an issuer", "[ledger][I2]") {
  World world;
  const auto first = world.new_certificate();
  REQUIRE(world.commit(test::insert(first)) == "applied");
  auto second = world.new_certificate();
  second.serial = first.serial;
  const auto events = world.events();
  CHECK(world.commit(test::insert(second)) == "duplicate_serial");
  CHECK(world.stored(first).request_id == first.request_id);
  CHECK(world.events() == events);

  const auto other_authority = test::make_authority(world.now());
  REQUIRE(world.commit(test::insert(other_authority)) == "applied");
  second.issuer = other_authority.arn;
  CHECK(world.commit(test::insert(second)) == "applied");
}

TEST_CASE("ledger: a duplicate serial fails alone among entries that wait together", "[ledger][I2][I5]") {
  World world;
  const auto twice = world.new_certificate();
  std::vector<std::future<ca::CommitResult>> futures;
  for (int i = 0; i < 40; ++i) {
    futures.push_back(world.ledger().commit(test::insert(i % 10 == 3 ? twice : world.new_certificate())));
  }
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string outcome = test::outcome_of(std::move(futures[static_cast<std::size_t>(i)]));
    CHECK(outcome == (i == 13 || i == 23 || i == 33 ? "duplicate_serial" : "applied"));
    refused += outcome == "duplicate_serial" ? 1 : 0;
  }
  CHECK(refused == 3);
  CHECK(world.inventory().counts().pending == 37);
}

TEST_CASE("ledger: a certificate moves along its states and nowhere else", "[ledger][I3][I9]") {
  World world;
  const auto record = world.new_certificate();
  const auto now = world.now();
  CHECK(world.commit(test::issued(record, now)) == "missing");
  CHECK(world.commit(test::failed(record)) == "missing");
  CHECK(world.commit(test::revoked(record, now)) == "missing");
  REQUIRE(world.commit(test::insert(record)) == "applied");
  CHECK(world.stored(record).state == ca::CertificateState::pending);
  CHECK(world.stored(record).der.empty());
  const auto refused_in = [&](ca::CertificateState state, ca::LedgerEntry entry) {
    const auto events = world.events();
    const auto result = world.result(std::move(entry));
    CHECK(test::outcome_of(result) == "wrong_state");
    CHECK(result.found_state == state);
    CHECK(world.events() == events);
  };
  SECTION("pending to failed") {
    refused_in(ca::CertificateState::pending, test::revoked(record, now));
    REQUIRE(world.commit(test::failed(record)) == "applied");
    CHECK(world.stored(record).failure_reason == "the key is gone");
    refused_in(ca::CertificateState::failed, test::issued(record, now));
    refused_in(ca::CertificateState::failed, test::failed(record));
    refused_in(ca::CertificateState::failed, test::revoked(record, now));
  }
  SECTION("pending to issued to revoked") {
    REQUIRE(world.commit(test::issued(record, now)) == "applied");
    auto other_bytes = test::issued(record, now);
    std::get<ca::MarkIssued>(other_bytes.change).der = {1};
    refused_in(ca::CertificateState::issued, other_bytes);
    refused_in(ca::CertificateState::issued, test::failed(record));
    CHECK(world.stored(record).der == test::der_of(record));
    REQUIRE(world.commit(test::revoked(record, now)) == "applied");
    refused_in(ca::CertificateState::revoked, test::issued(record, now));
    refused_in(ca::CertificateState::revoked, test::failed(record));
    refused_in(ca::CertificateState::revoked, test::revoked(record, now + 1h));
    CHECK(world.stored(record).revoked_at == now);
  }
}

TEST_CASE("ledger: a certificate of an unknown authority is not taken", "[ledger][I15]") {
  World world;
  auto record = world.new_certificate();
  for (std::string ca::AuthorityArn::*part : {&ca::AuthorityArn::id, &ca::AuthorityArn::account,
                                              &ca::AuthorityArn::region, &ca::AuthorityArn::partition}) {
    record.issuer = world.authority.arn;
    record.issuer.*part = "other";
    CHECK(world.commit(test::insert(record)) == "missing");
    CHECK_FALSE(world.inventory().authority(record.issuer));
    CHECK_FALSE(world.inventory().certificate(record.issuer, record.serial));
  }
}

TEST_CASE("ledger: a change without its audit event is refused", "[ledger][I5]") {
  World world;
  const auto record = world.new_certificate();
  CHECK(world.commit({ca::InsertPending{record, {}, false}, {}}) == "internal");
  CHECK_FALSE(world.inventory().certificate(record.issuer, record.serial));
  CHECK(world.commit({ca::AppendEvents{}, {}}) == "applied");
}

TEST_CASE("ledger: an authority is replaced only by who has read its last version", "[ledger]") {
  World world;
  ca::AuthorityRecord record = world.authority;
  record.status = ca::AuthorityStatus::active;
  record.key_uri = "pkcs11:object=a";
  const auto update = [&](const ca::AuthorityRecord& next) {
    return world.commit({ca::UpdateAuthority{next}, {test::event_of("authority.updated")}});
  };
  CHECK(update(record) == "applied");
  const auto stored = world.inventory().authority(record.arn).value();
  CHECK(stored.version == 1);
  CHECK(stored.status == ca::AuthorityStatus::active);
  CHECK(stored.key_uri == record.key_uri);

  record.status = ca::AuthorityStatus::deleted;
  CHECK(update(record) == "stale");
  CHECK(world.inventory().authority(record.arn)->status == ca::AuthorityStatus::active);
  record.arn.id = ca::random_uuid();
  CHECK(update(record) == "missing");
  CHECK(world.commit(test::insert(world.authority)) == "conflict");
}

TEST_CASE("ledger: one token and request name one certificate", "[ledger][I12]") {
  World world;
  const auto first = world.new_certificate();
  REQUIRE(world.commit(test::insert(first, world.claim("t"))) == "applied");
  const auto second = world.new_certificate();
  const auto events = world.events();

  SECTION("the same request again") {
    const auto again = world.result(test::insert(second, world.claim("t")));
    CHECK(test::outcome_of(again) == "existing");
    CHECK(again.existing_serial == first.serial);
    CHECK(world.events() == events);
    CHECK_FALSE(world.inventory().certificate(second.issuer, second.serial));
  }
  SECTION("another request") {
    CHECK(world.commit(test::insert(second, world.claim("t", "other"))) == "conflict");
    CHECK(world.events() == events);
  }
  SECTION("another scope or token") {
    auto claim = world.claim("t");
    claim.scope = "other scope";
    CHECK(world.commit(test::insert(second, claim)) == "applied");
    CHECK(world.commit(test::insert(world.new_certificate(), world.claim("other"))) == "applied");
  }
  SECTION("after a restart") {
    world.backend->reopen();
    const auto again = world.ledger().commit(test::insert(second, world.claim("t"))).get();
    CHECK(again.existing_serial == first.serial);
    CHECK(test::outcome_of(world.ledger().commit(test::insert(second, world.claim("t", "other")))) ==
          "conflict");
  }
  SECTION("when the window is over") {
    world.backend->clock.advance(5min - 1ms);
    CHECK(world.commit(test::insert(second, world.claim("t"))) == "existing");
    world.backend->clock.advance(1ms);
    CHECK(world.commit(test::insert(second, world.claim("t", "other"))) == "applied");
    const auto third = world.result(test::insert(world.new_certificate(), world.claim("t", "other")));
    CHECK(third.existing_serial == second.serial);
  }
  SECTION("when the certificate has failed") {
    REQUIRE(world.commit(test::failed(first)) == "applied");
    CHECK(world.commit(test::insert(second, world.claim("t", "other"))) == "conflict");
    CHECK(world.commit(test::insert(second, world.claim("t"))) == "applied");
    CHECK(world.result(test::insert(world.new_certificate(), world.claim("t"))).existing_serial ==
          second.serial);
  }
  SECTION("a refused certificate takes no token") {
    CHECK(world.commit(test::insert(first, world.claim("fresh"))) == "duplicate_serial");
    CHECK(world.commit(test::insert(second, world.claim("fresh", "other"))) == "applied");
  }
}

TEST_CASE("ledger: one token and request name one authority", "[ledger][I12]") {
  World world;
  const auto first = test::make_authority(world.now());
  REQUIRE(world.commit(test::insert(first, world.claim("t"))) == "applied");
  const auto again = world.result(test::insert(test::make_authority(world.now()), world.claim("t")));
  CHECK(test::outcome_of(again) == "existing");
  CHECK(again.existing_authority == first.arn);
  CHECK_FALSE(again.existing_serial);
  CHECK(world.commit(test::insert(test::make_authority(world.now()), world.claim("t", "other"))) ==
        "conflict");
  CHECK(world.inventory().all_authorities().size() == 2);
}

TEST_CASE("ledger: callers that race with one token get one certificate", "[ledger][I12]") {
  World world;
  std::vector<std::future<ca::CommitResult>> futures;
  for (int i = 0; i < 64; ++i) {
    futures.push_back(world.ledger().commit(test::insert(world.new_certificate(), world.claim("t"))));
  }
  int applied = 0;
  std::set<ca::SerialNumber> named;
  for (auto& future : futures) {
    const auto result = future.get();
    applied += result.outcome == ca::CommitResult::Outcome::applied ? 1 : 0;
    if (result.outcome == ca::CommitResult::Outcome::existing) {
      named.insert(result.existing_serial.value());
    }
  }
  CHECK(applied == 1);
  CHECK(named.size() == 1);
  CHECK(world.inventory().counts().pending == 1);
}

TEST_CASE("ledger: a device and its key have one living certificate", "[ledger][I12]") {
  World world;
  const auto once = [](const ca::CertificateRecord& record) { return test::insert(record, {}, true); };
  const auto first = for_device(world.new_certificate(), "pump-7");
  REQUIRE(world.commit(once(first)) == "applied");
  const auto second = for_device(world.new_certificate(), "pump-7");
  const auto named_by_second = [&] { return world.result(once(second)).existing_serial; };

  CHECK(named_by_second() == first.serial);  // pending
  SECTION("issued and revoked") {
    REQUIRE(world.commit(test::issued(first, world.now())) == "applied");
    CHECK(named_by_second() == first.serial);
    world.backend->clock.advance(24h - 1s);
    CHECK(named_by_second() == first.serial);  // not_after is inclusive
    REQUIRE(world.commit(test::revoked(first, world.now())) == "applied");
    CHECK(named_by_second() == first.serial);
    world.backend->clock.advance(24h);
    CHECK(named_by_second() == first.serial);
  }
  SECTION("expired") {
    REQUIRE(world.commit(test::issued(first, world.now())) == "applied");
    world.backend->clock.advance(24h);
    CHECK(world.commit(once(second)) == "applied");
    CHECK(world.inventory().by_device_key({second.issuer, "pump-7", "", second.key_hash})->serial ==
          second.serial);
  }
  SECTION("failed") {
    REQUIRE(world.commit(test::failed(first)) == "applied");
    CHECK(world.commit(once(second)) == "applied");
  }
  SECTION("another profile") {
    auto other_profile = second;
    other_profile.profile = "server";
    CHECK(world.commit(once(other_profile)) == "applied");
    CHECK(world.stored(other_profile).profile == "server");
    CHECK(named_by_second() == first.serial);
  }
  SECTION("another device, another key, another issuer, or not asked for") {
    CHECK(world.commit(once(for_device(world.new_certificate(), "pump-8"))) == "applied");
    auto other_key = second;
    other_key.serial = ca::SerialNumber::random();
    other_key.key_hash = ca::sha256(ca::bytes_of("new key"));
    CHECK(world.commit(once(other_key)) == "applied");
    const auto other_authority = test::make_authority(world.now());
    REQUIRE(world.commit(test::insert(other_authority)) == "applied");
    auto other_issuer = second;
    other_issuer.issuer = other_authority.arn;
    CHECK(world.commit(once(other_issuer)) == "applied");
    CHECK(world.commit(test::insert(second)) == "applied");
  }
}
