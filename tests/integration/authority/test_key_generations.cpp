// An authority that gets a new key keeps its ARN, and nothing that it has signed is left without answers.
#include <atomic>
#include <thread>

#include "tests/integration/authority/renewing.hpp"

using ca::OcspResult;
using test::Renewing;
using test::World;
using Key = ca::AuthorityService::Key;

namespace {

// Under the same CRL's name as before only what that key signed.
void check_signed_by(const ca::PublishedCrl& crl, const ca::Certificate& issuer) {
  const auto list = ca::CertificateList::parse(*crl.der);
  CHECK(list.is_signed_by(issuer.public_key));
  CHECK(list.issuer == issuer.subject);
}

}  // namespace

TEST_CASE("keys: a new key takes over under the same ARN, and the old one answers for what it signed",
          "[authority][I7][I9]") {
  World world;
  const Renewing renewing{world};
  const std::string id = renewing.arn.id;
  const auto before = test::issue(world, renewing.arn);
  REQUIRE(renewing.eventually(before.arn.serial, 1, OcspResult::good));

  const Key prepared = renewing.prepare();
  CHECK(prepared.state == Key::State::prepared);
  CHECK(prepared.generation.key_number == 2);
  CHECK(prepared.generation.key_uri.ends_with(id + "-2"));
  CHECK(renewing.keys() == std::vector<std::pair<std::uint64_t, Key::State>>{{1, Key::State::active},
                                                                             {2, Key::State::prepared}});
  CHECK_FALSE(renewing.service().public_certificate({id, 2}));
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 1));

  renewing.import(prepared);
  CHECK(renewing.keys().at(1).second == Key::State::published);
  // What relying parties will need is there before they do.
  CHECK(renewing.authority_certificate(2).public_key.spki_der() == prepared.generation.spki_der);
  CHECK(renewing.service().public_chain({id, 2}).size() == 2);
  test::behind(world, id + "-2", 0);
  const auto never = ca::SerialNumber::random();
  REQUIRE(renewing.eventually(never, 2, OcspResult::unknown));
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 1));
  CHECK(ca::to_pem("CERTIFICATE", renewing.authority_certificate(1).der) ==
        renewing.service().authority_certificate(World::caller(), renewing.arn).certificate);

  renewing.activate(2);
  CHECK(renewing.keys() ==
        std::vector<std::pair<std::uint64_t, Key::State>>{{1, Key::State::retired}, {2, Key::State::active}});
  CHECK(ca::to_pem("CERTIFICATE", renewing.authority_certificate(2).der) ==
        renewing.service().authority_certificate(World::caller(), renewing.arn).certificate);
  const auto after = test::issue(world, renewing.arn);
  renewing.check_chain(before, 1);
  renewing.check_chain(after, 2);
  CHECK(before.crl_uri == "http://status.example.test/crl/" + id + ".crl");
  CHECK(after.crl_uri == "http://status.example.test/crl/" + id + "-2.crl");

  REQUIRE(renewing.eventually(before.arn.serial, 1, OcspResult::good));
  REQUIRE(renewing.eventually(after.arn.serial, 2, OcspResult::good));
  // What one key signed, the other did not.
  CHECK(renewing.reply(before.arn.serial, 2).answer->result == OcspResult::unknown);
  CHECK(renewing.reply(after.arn.serial, 1).answer->result == OcspResult::unknown);

  test::revoke(world, before);
  CHECK(renewing.reply(before.arn.serial, 1).answer->result == OcspResult::revoked);
  test::revoke(world, after);
  CHECK(renewing.reply(after.arn.serial, 2).answer->result == OcspResult::revoked);
  // Either can be taken for the other by a relying party that goes by the issuer's name.
  check_signed_by(*test::when_it_lists(world, id, {before, after}), renewing.authority_certificate(1));
  check_signed_by(*test::when_it_lists(world, id + "-2", {before, after}), renewing.authority_certificate(2));

  CHECK(world.events("authority.key_prepared") == 1);
  CHECK(world.events("authority.key_activated") == 1);
}

TEST_CASE("keys: both keys are there after a restart, and their CRLs and answers go on", "[authority][I19]") {
  World world;
  const Renewing renewing{world};
  const auto before = test::issue(world, renewing.arn);
  renewing.activate(renewing.publish_next());
  const auto after = test::issue(world, renewing.arn);
  const Key third = renewing.prepare();
  const auto record = renewing.record();
  const auto number = test::behind(world, renewing.arn.id, 0)->number;
  const auto second_number = test::behind(world, renewing.arn.id + "-2", 0)->number;

  world.restart();

  CHECK(renewing.record().other_keys == record.other_keys);
  CHECK(renewing.keys() == std::vector<std::pair<std::uint64_t, Key::State>>{
                               {1, Key::State::retired}, {2, Key::State::active}, {3, Key::State::prepared}});
  CHECK(renewing.prepare().generation == third.generation);
  renewing.check_chain(before, 1);
  renewing.check_chain(after, 2);
  REQUIRE(renewing.eventually(before.arn.serial, 1, OcspResult::good));
  REQUIRE(renewing.eventually(after.arn.serial, 2, OcspResult::good));
  test::revoke(world, before);
  CHECK(test::behind(world, renewing.arn.id, number)->number > number);
  CHECK(test::behind(world, renewing.arn.id + "-2", second_number)->number > second_number);
}

TEST_CASE("keys: what was accepted before the change is signed by the key that it was accepted for",
          "[authority][I4]") {
  World world;
  const Renewing renewing{world};
  const auto next = renewing.publish_next();
  REQUIRE(
      World::eventually([&] { return renewing.record().other_keys.at(0).ocsp_certificate_der.size() > 0; }));
  REQUIRE(World::eventually([&] { return renewing.record().ocsp_certificate_der.size() > 0; }));
  test::behind(world, renewing.arn.id + "-2", 0);
  test::behind(world, renewing.arn.id, 0);
  world.signer.after_next_signature([&] { renewing.activate(next); });

  const auto arn = world.service->issue(World::caller(), world.order(renewing.arn, test::make_csr()));

  REQUIRE(renewing.record().key_number == 2);
  REQUIRE(World::eventually([&] { return world.state_of(arn) == ca::CertificateState::issued; }));
  CHECK(world.store->certificate(renewing.arn, arn.serial)->key_number == 1);
  CHECK(renewing.is_signed_by(arn, 1));
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 2));
}

TEST_CASE(
    "keys: a change that the ledger has and this service has not seen yet is seen by the next certificate",
    "[authority]") {
  World world;
  const Renewing renewing{world};
  renewing.publish_next();
  REQUIRE(
      World::eventually([&] { return renewing.record().other_keys.at(0).ocsp_certificate_der.size() > 0; }));
  REQUIRE(World::eventually([&] { return renewing.record().ocsp_certificate_der.size() > 0; }));
  auto record = renewing.record();
  ca::KeyGeneration before = record;
  before.retired_at = world.clock.now();
  static_cast<ca::KeyGeneration&>(record) = ca::KeyGeneration{record.other_keys.at(0)};
  record.other_keys = {before};
  ++record.generation;
  REQUIRE(
      world.store
          ->commit({ca::UpdateAuthority{record}, {ca::system_event("authority.key_activated", record.arn)}})
          .get()
          .outcome == ca::CommitResult::Outcome::applied);
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 2));
}

TEST_CASE(
    "keys: clients that issue while the key changes notice nothing, and what they ask for later is under the "
    "new key",
    "[authority]") {
  World world;
  const Renewing renewing{world};
  const auto next = renewing.publish_next();
  std::atomic<bool> activated{false}, stop{false};
  std::atomic<int> early{0}, late{0}, wrong{0}, failed{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!stop) {
        const bool must_be_new = activated;
        try {
          const auto arn = world.service->issue(World::caller(), world.order(renewing.arn, test::make_csr()));
          const auto row = world.store->certificate(renewing.arn, arn.serial).value();
          wrong += must_be_new && row.key_number != next ? 1 : 0;
          ++(must_be_new ? late : early);
        } catch (const std::exception&) {
          ++failed;
        }
      }
    });
  }
  CHECK(World::eventually([&] { return early >= 20; }));
  renewing.activate(next);
  activated = true;
  CHECK(World::eventually([&] { return late >= 20; }));
  stop = true;
  for (auto& client : clients) {
    client.join();
  }
  CHECK(wrong == 0);
  CHECK(failed == 0);
}

TEST_CASE("keys: each partition is signed by the key of its certificates", "[authority][I8]") {
  World world;
  const Renewing renewing{world, ca::CrlType::partitioned};
  const auto before = test::issue(world, renewing.arn);
  renewing.activate(renewing.publish_next());
  const auto after = test::issue(world, renewing.arn);
  REQUIRE(before.crl_uri != after.crl_uri);
  const auto series = world.store->crls(renewing.arn);
  REQUIRE(series.size() == 2);
  CHECK(series[0].key_number == 1);
  CHECK(series[1].key_number == 2);
  test::revoke(world, before);
  test::revoke(world, after);
  check_signed_by(*test::when_it_lists(world, series[0].name, {before}), renewing.authority_certificate(1));
  check_signed_by(*test::when_it_lists(world, series[1].name, {after}), renewing.authority_certificate(2));
}

TEST_CASE("keys: a preparation that was interrupted goes on with the key that it had made",
          "[authority][I19]") {
  World world;
  const Renewing renewing{world};
  REQUIRE(World::eventually([&] { return renewing.record().ocsp_certificate_der.size() > 0; }));
  const int generations = world.signer.generations;
  world.ledger.fail_next<ca::UpdateAuthority>(test::FaultyLedger::Fault::before);
  CHECK(World::code_of([&] { (void)renewing.prepare(); }) == ca::Code::unavailable);
  CHECK(world.signer.generations == generations + 1);
  CHECK(renewing.keys().size() == 1);
  const Key key = renewing.prepare();
  CHECK(world.signer.generations == generations + 1);
  CHECK(renewing.prepare().generation == key.generation);
  CHECK(world.events("authority.key_prepared") == 1);
}

TEST_CASE("keys: a key that cannot issue is not activated", "[authority]") {
  World world;
  const Renewing renewing{world};
  const auto refuse = [&](std::uint64_t number, ca::Code code, const std::string& why) {
    test::refused([&] { renewing.activate(number); }, code, why);
    CHECK(renewing.record().key_number == 1);
  };
  refuse(2, ca::Code::resource_not_found, "has no key 2");
  const Key key = renewing.prepare();
  refuse(2, ca::Code::invalid_state, "is not imported yet");

  SECTION("its certificate is not valid yet") {
    test::Outside outside{world};
    auto certificate = outside.authority(ca::DistinguishedName::parse(renewing.record().subject_der),
                                         key.generation.spki_der);
    certificate.validity.not_before = outside.now + std::chrono::hours{24};
    world.service->import_certificate(World::caller(),
                                      {renewing.arn, outside.pem(certificate), outside.pem(outside.root())});
    refuse(2, ca::Code::invalid_state, "and not now");
    world.clock.advance(std::chrono::hours{25});
    renewing.activate(2);
  }
  SECTION("it does not sign") {
    renewing.import(key);
    world.signer.set_verdict(renewing.arn.id + "-2",
                             {ca::KeyVerdict::State::unusable, "CKA_SENSITIVE is false"});
    refuse(2, ca::Code::invalid_state, "With key 2 nothing can be signed: CKA_SENSITIVE");
    world.signer.set_verdict(renewing.arn.id + "-2", {ca::KeyVerdict::State::usable, ""});
    renewing.activate(2);
  }
  CHECK(renewing.record().key_number == 2);
  renewing.activate(2);  // as it is already
  CHECK(world.events("authority.key_activated") == 1);
}

TEST_CASE("keys: a trouble of the old key is no trouble of the new one", "[authority]") {
  World world;
  const Renewing renewing{world};
  const auto before = test::issue(world, renewing.arn);
  renewing.activate(renewing.publish_next());
  test::behind(world, renewing.arn.id, 0);
  world.signer.set_verdict(renewing.arn.id, {ca::KeyVerdict::State::unusable, "the key is gone"});
  const auto after = test::issue(world, renewing.arn);
  CHECK(renewing.is_signed_by(after.arn, 2));
  test::revoke(world, before);
  (void)test::when_it_lists(world, renewing.arn.id + "-2", {before});
  CHECK(World::eventually([&] { return world.noticed("CRL " + renewing.arn.id + " of "); }));
  CHECK(renewing.record().status == ca::AuthorityStatus::active);
}

TEST_CASE("keys: the way back to the key before is open", "[authority]") {
  World world;
  const Renewing renewing{world};
  renewing.activate(renewing.publish_next());
  const auto under_second = test::issue(world, renewing.arn);
  renewing.activate(1);
  CHECK(renewing.keys() ==
        std::vector<std::pair<std::uint64_t, Key::State>>{{1, Key::State::active}, {2, Key::State::retired}});
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 1));
  renewing.check_chain(under_second, 2);
  REQUIRE(renewing.eventually(under_second.arn.serial, 2, OcspResult::good));
}

TEST_CASE("keys: one that is not wanted is discarded, and its number is never given again", "[authority]") {
  World world;
  const Renewing renewing{world};
  const auto discard = [&](std::uint64_t number) {
    (void)renewing.service().discard_key(World::caller(), renewing.arn, number);
  };
  const Key second = renewing.prepare();
  discard(2);
  CHECK(renewing.keys().size() == 1);
  test::refused([&] { discard(2); }, ca::Code::resource_not_found, "has no key 2");
  const auto pem = renewing.certified(second);
  test::refused(
      [&] {
        world.service->import_certificate(World::caller(), {renewing.arn, pem.certificate, pem.chain});
      },
      ca::Code::certificate_mismatch, "public key");
  CHECK(renewing.publish_next() == 3);
  renewing.activate(3);
  test::refused([&] { discard(1); }, ca::Code::invalid_state, "goes on answering");
  test::refused([&] { discard(3); }, ca::Code::invalid_state, "issues with key 3");
}

TEST_CASE("keys: a root, and an authority without a certificate, get no other key", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto waiting = world.create(ca::AuthorityType::subordinate, "Waiting");
  const int generations = world.signer.generations;
  test::refused([&] { (void)world.service->prepare_key(World::caller(), root); }, ca::Code::invalid_state,
                "make a new root");
  test::refused([&] { (void)world.service->prepare_key(World::caller(), waiting); }, ca::Code::invalid_state,
                "has no certificate yet");
  CHECK(world.signer.generations == generations);
}

TEST_CASE("keys: the next key takes its certificate while the authority is DISABLED, and stays so",
          "[authority]") {
  World world;
  const Renewing renewing{world};
  ca::AuthorityUpdate disable;
  disable.status = ca::AuthorityStatus::disabled;
  world.service->update(World::caller(), renewing.arn, disable);
  renewing.activate(renewing.publish_next());
  CHECK(renewing.record().status == ca::AuthorityStatus::disabled);
  CHECK(renewing.record().key_number == 2);
  CHECK(World::code_of([&] { (void)test::issue(world, renewing.arn); }) == ca::Code::invalid_state);
}

TEST_CASE("keys: an authority whose certificate has ended issues again with its next key", "[authority]") {
  World world;
  const Renewing renewing{world};
  world.clock.advance(std::chrono::hours{24 * 1826});
  CHECK(world.service->describe(World::caller(), renewing.arn).status == ca::AuthorityStatus::expired);
  renewing.activate(renewing.publish_next());
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 2));
}

TEST_CASE("keys: nobody is certified for one of the authority's own keys", "[authority]") {
  World world;
  const Renewing renewing{world};
  renewing.activate(renewing.publish_next());
  const auto refused = [&](const std::string& label) {
    auto key = world.signer.private_key("pkcs11:object=" + label);
    test::refused(
        [&] {
          (void)world.service->issue(World::caller(),
                                     world.order(renewing.arn, test::make_csr({}, key.get())));
        },
        ca::Code::malformed_csr, "own");
  };
  refused(renewing.arn.id);
  refused(renewing.arn.id + "-2");
}

TEST_CASE("keys: each operation asks the policies", "[authority][I11]") {
  World world;
  const Renewing renewing{world};
  const auto caller = World::caller("provisioner");
  CHECK(World::code_of([&] { (void)world.service->keys(caller, renewing.arn); }) == ca::Code::access_denied);
  CHECK(World::code_of([&] { (void)world.service->prepare_key(caller, renewing.arn); }) ==
        ca::Code::access_denied);
  CHECK(World::code_of([&] { (void)world.service->activate_key(caller, renewing.arn, 1); }) ==
        ca::Code::access_denied);
  CHECK(World::code_of([&] { (void)world.service->discard_key(caller, renewing.arn, 2); }) ==
        ca::Code::access_denied);
  CHECK(renewing.keys().size() == 1);
}

TEST_CASE(
    "import: another certificate must have the subject byte for byte, or what was issued would not chain to "
    "it",
    "[authority]") {
  World world;
  const test::Waiting waiting{world};
  waiting.import(waiting.certificate());
  const auto present = ca::Certificate::parse(world.store->authority(waiting.arn)->certificate_der);
  auto other = waiting.certificate();
  const ca::Bytes der = present.subject.der();
  ca::Bytes printable = der;
  const auto utf8 = std::find(printable.rbegin(), printable.rend(), 0x0C);
  REQUIRE(utf8 != printable.rend());
  *utf8 = 0x13;  // UTF8String becomes PrintableString
  other.subject = ca::DistinguishedName::parse(printable);
  test::refused([&] { waiting.import(other); }, ca::Code::certificate_mismatch, "another string type");
  waiting.import(waiting.certificate());
}
