// What goes wrong with one key of an authority is no trouble of another.
#include <future>

#include "tests/integration/authority/renewing.hpp"

using ca::OcspResult;
using test::Renewing;
using test::World;
using Key = ca::AuthorityService::Key;

TEST_CASE("keys: rows that wait for a key which does not sign hold up no other key's rows", "[authority]") {
  World world;
  const Renewing renewing{world};
  renewing.publish_next();
  const auto accepted = [&] {
    world.signer.set_away(true);
    return world.service->issue(World::caller(), world.order(renewing.arn, test::make_csr()));
  };
  const auto under_first = accepted();
  for (int i = 0; i < 40;
       ++i) {  // more than are signed at once: what comes behind them is not tried beside them
    (void)accepted();
  }
  world.signer.set_verdict(renewing.arn.id, {ca::KeyVerdict::State::unusable, "the key is gone"});
  world.signer.set_away(false);
  renewing.activate(2);
  const auto under_second = accepted();
  REQUIRE(world.state_of(under_second) == ca::CertificateState::pending);
  world.signer.set_away(false);
  CHECK(World::eventually([&] { return world.state_of(under_second) == ca::CertificateState::issued; }));
  CHECK(world.state_of(under_first) == ca::CertificateState::pending);
  CHECK(renewing.is_signed_by(under_second, 2));
}

TEST_CASE("keys: what waits for a key that is discarded fails, and holds up nothing", "[authority][I19]") {
  World world;
  const Renewing renewing{world};
  renewing.publish_next();
  REQUIRE(
      World::eventually([&] { return renewing.record().other_keys.at(0).ocsp_certificate_der.size() > 0; }));
  REQUIRE(World::eventually([&] { return renewing.record().ocsp_certificate_der.size() > 0; }));
  const auto waiting = [&] {
    std::optional<ca::CertificateRecord> found;
    for (const auto& row : world.store->pending(0, 100)) {
      found = row.record.key_number == 2 ? std::optional{row.record} : found;
    }
    return found;
  };
  world.signer.set_away(true);
  world.clock.advance(std::chrono::hours{24 * 21});  // two thirds of a signer's life
  world.service->tag(World::caller(), renewing.arn, {{"woken", "now"}});
  REQUIRE(World::eventually([&] { return waiting().has_value(); }));
  const auto row = waiting().value();
  (void)world.service->discard_key(World::caller(), renewing.arn, 2);
  CHECK(World::eventually([&] { return world.state_of(row.arn()) == ca::CertificateState::failed; }));
  world.signer.set_away(false);
  CHECK(World::eventually([&] { return world.store->pending(0, 100).empty(); }));
}

TEST_CASE("keys: a bad signature of the old key stops that key and not the authority", "[authority][I4]") {
  World world;
  const Renewing renewing{world, ca::CrlType::partitioned};
  const auto before = test::issue(world, renewing.arn);
  renewing.activate(renewing.publish_next());
  const auto series = world.store->crls(renewing.arn).at(0);
  test::behind(world, series.name, 0);
  REQUIRE(World::eventually([&] { return renewing.record().ocsp_certificate_der.size() > 0; }));
  world.signer.corrupt = true;
  test::revoke(world, before);
  CHECK(World::eventually([&] { return world.noticed("its key signs nothing more"); }));
  world.signer.corrupt = false;
  CHECK(renewing.record().status == ca::AuthorityStatus::active);
  CHECK(renewing.is_signed_by(test::issue(world, renewing.arn).arn, 2));
}

TEST_CASE("keys: the old key answers until its certificate ends, also behind the end of the new one",
          "[authority][I9]") {
  World world;
  const Renewing renewing{world};
  const auto before = test::issue(world, renewing.arn);
  renewing.activate(renewing.publish_next());
  world.clock.advance(std::chrono::hours{24 * 1001});
  REQUIRE(world.service->describe(World::caller(), renewing.arn).status == ca::AuthorityStatus::expired);
  CHECK(renewing.eventually(before.arn.serial, 1, OcspResult::good));
}

TEST_CASE("keys: a token that takes its time with one authority's next key holds up no other authority",
          "[authority][I16]") {
  World world;
  const Renewing slow{world};
  const Renewing other{world, slow.root, "Other"};
  std::future<Key> beside;
  world.signer.before_generation(slow.arn.id + "-2", [&] {
    beside = std::async(std::launch::async, [&] { return other.prepare(); });
    CHECK(beside.wait_for(std::chrono::seconds{60}) == std::future_status::ready);
    // Not a second pair under the same label, and nobody who waits with the first.
    test::refused([&] { (void)slow.prepare(); }, ca::Code::request_in_progress, "for another request");
  });
  const Key made = slow.prepare();
  CHECK(beside.get().state == Key::State::prepared);
  CHECK(made.state == Key::State::prepared);
  CHECK(slow.prepare().generation == made.generation);
  CHECK(world.events("authority.key_prepared") == 2);
}

TEST_CASE("keys: a discarded key leaves nothing that it signed but certificates of its own OCSP signers",
          "[authority]") {
  World world;
  const Renewing renewing{world};
  const auto leaf = test::issue(world, renewing.arn);
  renewing.publish_next();
  REQUIRE(
      World::eventually([&] { return renewing.record().other_keys.at(0).ocsp_certificate_der.size() > 0; }));
  const auto signer = ca::Certificate::parse(renewing.record().other_keys.at(0).ocsp_certificate_der);
  const ca::CertificateArn arn{renewing.arn, ca::SerialNumber::from_integer(signer.serial).value()};
  const auto given = [&] { return renewing.service().certificate(World::caller(), renewing.arn, arn); };
  const auto before = given();
  CHECK(ca::parse_pem(before.chain.value(), 3).at(0).der == renewing.authority_certificate(2).der);
  CHECK(renewing.is_signed_by(arn, 2));

  (void)renewing.service().discard_key(World::caller(), renewing.arn, 2);

  CHECK(given().certificate == before.certificate);
  CHECK_FALSE(given().chain);  // and not that of another key
  renewing.check_chain(leaf, 1);
}
