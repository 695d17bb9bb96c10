// What goes wrong with one key of an authority is no trouble of another.
#include <future>

#include "ca/base/hex.hpp"
#include "ca/x509/certificate_request.hpp"
#include "tests/integration/authority/outside.hpp"
#include "tests/integration/authority/renewing.hpp"

using ca::OcspResult;
using test::Renewing;
using test::World;
using Key = ca::AuthorityService::Key;

namespace {

// The next key of an authority, with a certificate from a parent outside.
struct Next {
  const Renewing& renewing;
  ca::AuthorityService::Key key = renewing.prepare();
  test::Outside outside{renewing.world};

  [[nodiscard]] ca::TbsCertificate certificate() const {
    return outside.authority(ca::DistinguishedName::parse(renewing.record().subject_der),
                             key.generation.spki_der);
  }
  void import(const ca::TbsCertificate& certificate) const {
    renewing.service().import_certificate(
        World::caller(), {renewing.arn, outside.pem(certificate), outside.pem(outside.root())});
  }
  void refused(const ca::TbsCertificate& certificate, ca::Code code, const std::string& why) const {
    test::refused([&] { import(certificate); }, code, why);
    CHECK(renewing.keys().at(1).second == ca::AuthorityService::Key::State::prepared);
  }
};

ca::Extension purposes(const std::string& hex) {
  return {ca::oid::kExtendedKeyUsage, false, ca::from_hex(hex)};
}
const std::string kServerAuth = "300a06082b06010505070301";
const std::string kServerAuthAndOcspSigning = "301406082b0601050507030106082b06010505070309";
const ca::Bytes kCertSignOnly{0x03, 0x02, 0x02, 0x04};
constexpr std::chrono::hours kSecondHasEnded{24 * 1001};

}  // namespace

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

TEST_CASE(
    "keys: what another key signed can be revoked when the certificate of the one that issues has ended",
    "[authority][I8]") {
  World world;
  const Renewing renewing{world};
  const auto before = test::issue(world, renewing.arn, 1500);
  renewing.activate(renewing.publish_next());
  world.clock.advance(kSecondHasEnded);
  REQUIRE(world.service->describe(World::caller(), renewing.arn).status == ca::AuthorityStatus::expired);
  test::revoke(world, before);
  CHECK(renewing.eventually(before.arn.serial, 1, OcspResult::revoked));

  auto without_crl = ca::RevocationConfiguration{};
  without_crl.ocsp.enabled = true;
  CHECK_NOTHROW(test::configure(world, renewing.arn, without_crl));
  test::refused(
      [&] {
        world.service->update(World::caller(), renewing.arn,
                              {.status = ca::AuthorityStatus::disabled, .revocation = std::nullopt});
      },
      ca::Code::invalid_state, "to be updated");
  world.clock.advance(std::chrono::hours{24 * 1000});  // also the end of the first
  test::refused([&] { test::revoke(world, before); }, ca::Code::invalid_state, "to revoke certificates");
}

TEST_CASE("keys: a certificate under which nothing could be revoked is not imported", "[authority][I8][I9]") {
  World world;
  const Renewing renewing{world};
  const Next next{renewing};
  auto certificate = next.certificate();

  SECTION("lists that it signs are taken by nobody") {
    certificate.extensions.at(1).value = kCertSignOnly;
    next.refused(certificate, ca::Code::malformed_certificate, "keyUsage has no cRLSign");
  }
  SECTION("the responder that it certifies is taken by nobody") {
    certificate.extensions.push_back(purposes(kServerAuth));
    next.refused(certificate, ca::Code::malformed_certificate, "has no OCSPSigning");
    certificate.extensions.back() = purposes(kServerAuthAndOcspSigning);
  }
  SECTION("its key identifier is that of another key") {
    const auto taken = renewing.authority_certificate(1).subject_key_id().value();
    certificate.extensions.push_back(
        {ca::oid::kSubjectKeyIdentifier, false, ca::der::element(ca::der::tag::kOctetString, taken)});
    next.refused(certificate, ca::Code::certificate_mismatch, "subjectKeyIdentifier of key 1");
    certificate.extensions.pop_back();
  }
  certificate.extensions.at(1).value = {0x03, 0x02, 0x01, 0x06};
  next.import(certificate);
  CHECK(renewing.keys().at(1).second == ca::AuthorityService::Key::State::published);
}

TEST_CASE("keys: nothing is enabled that one of the keys could not answer with", "[authority][I8]") {
  World world;
  const Renewing renewing{world};
  auto wanted = ca::RevocationConfiguration{};
  test::configure(world, renewing.arn, wanted);
  const Next next{renewing};
  auto certificate = next.certificate();
  certificate.extensions.at(1).value = kCertSignOnly;
  next.import(certificate);
  wanted.ocsp.enabled = true;
  test::configure(world, renewing.arn, wanted);
  wanted.crl = test::with_crl(ca::CrlType::complete).crl;
  test::refused([&] { test::configure(world, renewing.arn, wanted); }, ca::Code::invalid_args, "key 2");
}

TEST_CASE("keys: the next CSR writes the subject as the certificates have it", "[authority]") {
  World world;
  const test::Waiting waiting{world};
  auto certificate = waiting.certificate();
  const auto printable =
      ca::DistinguishedName::parse(test::name_der({{"2.5.4.3", "Sub", ca::der::tag::kPrintableString}}));
  REQUIRE(printable != certificate.subject);
  certificate.subject = printable;
  waiting.import(certificate);
  const auto key = world.service->prepare_key(World::caller(), waiting.arn);
  CHECK(ca::CertificateRequest::parse(key.generation.csr_der).subject == printable);
}

TEST_CASE("keys: the pair of a retired key whose certificate has ended may be gone", "[authority]") {
  World world;
  const Renewing renewing{world};
  renewing.activate(renewing.publish_next());
  renewing.activate(1);
  world.signer.set_verdict(renewing.arn.id + "-2", {ca::KeyVerdict::State::unusable, "it is not there"});
  const auto looked_at =
      [&](const std::string& name) {  // at least once: a new authority comes behind the look
        (void)world.create(ca::AuthorityType::subordinate, name + " once");
        (void)world.create(ca::AuthorityType::subordinate, name + " twice");
      };
  SECTION("not before") {
    looked_at("Before");
    CHECK(World::eventually([&] { return world.noticed("key 2 is not usable"); }));
  }
  SECTION("behind its end") {
    world.clock.advance(kSecondHasEnded);
    looked_at("Behind");
    CHECK_FALSE(world.noticed("key 2 is not usable"));
  }
}

TEST_CASE("keys: nobody waits with a thread for a token that is away", "[authority][I16]") {
  World world;
  const Renewing renewing{world};
  renewing.publish_next();
  const Renewing other{world, renewing.root, "Other"};
  world.signer.set_away(true);
  test::refused([&] { (void)other.prepare(); }, ca::Code::unavailable, "the token for new keys is away");
  test::refused([&] { renewing.activate(2); }, ca::Code::unavailable, "the token that holds key 2 is away");
  world.signer.set_away(false);
  renewing.activate(2);
}
