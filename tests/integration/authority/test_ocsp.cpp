#include <condition_variable>
#include <thread>

#include "ca/x509/der.hpp"
#include "ca/x509/ocsp.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using ca::OcspResult;
using test::World;

namespace {

constexpr std::chrono::hours kDay{24};

// A root with OCSP and its signer, and one certificate.
struct Answered {
  World& world;
  ca::AuthorityArn arn;
  ca::CertificateArn leaf;

  explicit Answered(World& its_world) : world{its_world}, arn{world.active_root()}, leaf{issue()} {
    enable(true);
    REQUIRE(World::eventually([this] { return ask() == OcspResult::good; }));
  }
  void enable(bool enabled) const {
    ca::AuthorityUpdate wanted;
    wanted.revocation = ca::RevocationConfiguration{};
    wanted.revocation->ocsp = {.enabled = enabled, .custom_cname = std::nullopt};
    world.service->update(World::caller(), arn, wanted);
  }
  void set_status(ca::AuthorityStatus status) const {
    ca::AuthorityUpdate wanted;
    wanted.status = status;
    world.service->update(World::caller(), arn, wanted);
  }
  [[nodiscard]] ca::CertificateArn issue() const {
    return world.service->issue(World::caller(), world.order(arn, test::make_csr()));
  }
  [[nodiscard]] ca::AuthorityRecord record() const { return world.store->authority(arn).value(); }
  [[nodiscard]] ca::Bytes question(const ca::SerialNumber& serial) const {
    const auto certificate = ca::Certificate::parse(record().certificate_der);
    const ca::Bytes id =
        ca::encode_cert_id(ca::Digest::sha1, certificate.subject, certificate.public_key, serial);
    const auto sequence = [](const ca::Bytes& der) { return ca::der::element(ca::der::tag::kSequence, der); };
    return sequence(sequence(sequence(sequence(id))));
  }
  [[nodiscard]] ca::OcspResponder::Reply reply(const ca::SerialNumber& serial) const {
    return world.service->answer_ocsp(question(serial), "192.0.2.1");
  }
  [[nodiscard]] OcspResult ask(const ca::SerialNumber& serial) const { return reply(serial).answer->result; }
  [[nodiscard]] OcspResult ask() const { return ask(leaf.serial); }
  void revoke(const ca::SerialNumber& serial) const {
    world.service->revoke(World::caller(), arn, serial.hex(), ca::RevocationReason::key_compromise);
  }
  // Any change of the authority wakes what looks after its signer.
  void wake() const { world.service->tag(World::caller(), arn, {{"woken", ca::random_uuid()}}); }
  [[nodiscard]] ca::Certificate signer() const {
    return ca::Certificate::parse(record().ocsp_certificate_der);
  }
};

// A signature that stands still at a test's command.
class Gate {
 public:
  void wait() {
    std::unique_lock lock{mutex_};
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void until_reached() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return reached_; });
  }
  void open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false;
  bool open_ = false;
};

}  // namespace

TEST_CASE("ocsp: an authority gets its signer by itself, certified as any certificate is",
          "[authority][I3]") {
  World world;
  const Answered answered{world};
  const auto record = answered.record();
  const auto signer = answered.signer();
  const auto authority = ca::Certificate::parse(record.certificate_der);
  CHECK(signer.is_signed_by(authority.public_key));
  CHECK(signer.issuer == authority.subject);
  CHECK(signer.subject.text() == "CN=Test Root OCSP signer");
  REQUIRE(signer.find(ca::oid::kExtendedKeyUsage) != nullptr);
  REQUIRE(signer.find(ca::oid::kOcspNoCheck) != nullptr);
  CHECK(signer.find(ca::oid::kOcspNoCheck)->value == ca::Bytes{0x05, 0x00});
  CHECK(signer.find(ca::oid::kAuthorityInfoAccess) == nullptr);
  CHECK(signer.find(ca::oid::kCrlDistributionPoints) == nullptr);
  CHECK(signer.public_key.spki_der() == record.ocsp_spki_der);
  CHECK(record.ocsp_key_uri.ends_with(record.arn.id + "-ocsp"));
  const auto row = world.store->certificate(answered.arn, *ca::SerialNumber::from_integer(signer.serial));
  REQUIRE(row);
  CHECK(row->state == ca::CertificateState::issued);
  CHECK(row->profile == ca::kOcspSignerProfile);
  CHECK(row->der == record.ocsp_certificate_der);
  CHECK(world.events("authority.ocsp_key_created") == 1);
  CHECK(world.events("authority.ocsp_signer_certified") == 1);
  CHECK(world.events("ocsp.signing") == 1);
}

TEST_CASE("ocsp: the answer after RevokeCertificate has returned says revoked", "[authority][I7]") {
  World world;
  const Answered answered{world};
  answered.revoke(answered.leaf.serial);
  CHECK(answered.ask() == OcspResult::revoked);
  world.restart();
  CHECK(answered.ask() == OcspResult::revoked);
}

TEST_CASE("ocsp: a good answer that is being signed while its certificate is revoked never leaves",
          "[authority][I7]") {
  World world;
  const Answered answered{world};
  const auto other = answered.issue();
  Gate gate;
  world.signer.after_next_signature([&] { gate.wait(); });
  OcspResult result = OcspResult::internal_error;
  std::thread asker{[&] { result = answered.ask(other.serial); }};
  gate.until_reached();
  answered.revoke(other.serial);
  gate.open();
  asker.join();
  CHECK(result == OcspResult::revoked);
  CHECK(answered.ask(other.serial) == OcspResult::revoked);
}

TEST_CASE("ocsp: a revocation whose answer was lost is told at the second try, and no good after it",
          "[authority][fault][I7][I13]") {
  World world;
  const Answered answered{world};
  world.ledger.fail_next<ca::MarkRevoked>(test::FaultyLedger::Fault::after);
  CHECK(World::code_of([&] { answered.revoke(answered.leaf.serial); }) == ca::Code::unavailable);
  CHECK(answered.ask() == OcspResult::revoked);
  CHECK(World::code_of([&] { answered.revoke(answered.leaf.serial); }) ==
        ca::Code::request_already_processed);
}

TEST_CASE("ocsp: a disabled authority goes on answering and gets its signer renewed", "[authority][I9]") {
  World world;
  const Answered answered{world};
  answered.set_status(ca::AuthorityStatus::disabled);
  CHECK(answered.ask() == OcspResult::good);
  const auto before = answered.signer();
  world.clock.advance(20 * kDay + std::chrono::hours{1});
  answered.wake();
  REQUIRE(World::eventually([&] { return answered.signer().serial != before.serial; }));
  CHECK(answered.signer().public_key.spki_der() == before.public_key.spki_der());
  CHECK(answered.signer().validity.not_after ==
        before.validity.not_after + 20 * kDay + std::chrono::hours{1});
  CHECK(World::eventually([&] { return answered.ask() == OcspResult::good; }));
  CHECK(world.events("authority.ocsp_signer_certified") == 2);
}

TEST_CASE("ocsp: a deleted authority answers until it is gone", "[authority]") {
  World world;
  const Answered answered{world};
  answered.set_status(ca::AuthorityStatus::disabled);
  world.service->remove(World::caller(), answered.arn, 7);
  CHECK(answered.ask() == OcspResult::good);
  world.clock.advance(7 * kDay);
  CHECK(answered.ask() == OcspResult::unauthorized);
}

TEST_CASE("ocsp: switched off it goes on for the certificates that name it, and new ones do not",
          "[authority][I7]") {
  World world;
  const Answered answered{world};
  const auto names_responder = [&](const ca::CertificateArn& arn) {
    const auto record = world.store->certificate(arn.authority, arn.serial).value();
    return ca::Certificate::parse(record.der).find(ca::oid::kAuthorityInfoAccess) != nullptr;
  };
  const auto with = answered.issue();
  REQUIRE(names_responder(with));
  answered.enable(false);
  CHECK(answered.ask(with.serial) == OcspResult::good);
  CHECK_FALSE(names_responder(answered.issue()));
  answered.revoke(with.serial);
  CHECK(answered.ask(with.serial) == OcspResult::revoked);
  world.restart();
  CHECK(answered.ask(with.serial) == OcspResult::revoked);
  world.clock.advance(21 * kDay);  // its signer is renewed all the same
  answered.wake();
  CHECK(World::eventually([&] { return world.events("authority.ocsp_signer_certified") == 2; }));
  answered.enable(true);
  CHECK(answered.ask() == OcspResult::good);
  CHECK(world.signer.generations == 2);  // the authority's and its signer's
}

TEST_CASE("ocsp: an authority that never had it enabled is nobody's business", "[authority]") {
  World world;
  const Answered answered{world};
  const auto other = world.active_root("Other Root");
  const auto certificate = ca::Certificate::parse(world.store->authority(other)->certificate_der);
  const ca::Bytes id = ca::encode_cert_id(ca::Digest::sha1, certificate.subject, certificate.public_key,
                                          ca::SerialNumber::random());
  const auto sequence = [](const ca::Bytes& der) { return ca::der::element(ca::der::tag::kSequence, der); };
  CHECK(world.service->answer_ocsp(sequence(sequence(sequence(sequence(id)))), "192.0.2.1").answer->result ==
        OcspResult::unauthorized);
}

TEST_CASE("ocsp: a signer that could not be renewed in time falls silent", "[authority]") {
  World world;
  const Answered answered{world};
  world.signer.set_verdict(answered.arn.id, {ca::KeyVerdict::State::unusable, "its attributes are weaker"});
  world.clock.advance(31 * kDay);
  answered.wake();
  CHECK(answered.ask() == OcspResult::try_later);
  CHECK(World::eventually([&] { return world.noticed("OCSP signer of " + answered.arn.text()); }));
  world.signer.set_verdict(answered.arn.id, {ca::KeyVerdict::State::usable, {}});
  CHECK(World::eventually([&] { return answered.ask() == OcspResult::good; }));
}

TEST_CASE("ocsp: a weak signer's key answers nothing", "[authority][I14]") {
  World world;
  const Answered answered{world};
  const auto other = answered.issue();
  world.signer.set_verdict(answered.arn.id + "-ocsp",
                           {ca::KeyVerdict::State::unusable, "it can be extracted"});
  answered.wake();
  CHECK(answered.ask(other.serial) == OcspResult::try_later);
  CHECK(World::eventually([&] { return world.noticed("it can be extracted"); }));
}

TEST_CASE("ocsp: a signer whose signature did not verify is told, rests, and signs again after trials",
          "[authority][I4]") {
  World world;
  world.options.ocsp_signer_rest = std::chrono::milliseconds{0};
  world.restart();
  const Answered answered{world};
  const auto other = answered.issue();
  const auto trouble = [&] { return world.service->ocsp_status().authorities.at(0).trouble; };
  CHECK(trouble().empty());
  world.signer.corrupt = true;
  world.signer.distrust(answered.arn.id + "-ocsp");
  answered.wake();
  CHECK(answered.ask() == OcspResult::good);  // what is kept was verified
  CHECK(answered.ask(other.serial) == OcspResult::try_later);
  CHECK(trouble().find("did not verify") != std::string::npos);
  CHECK(World::eventually([&] { return world.noticed("OCSP signer of " + answered.arn.text()); }));
  world.signer.corrupt = false;
  CHECK(World::eventually([&] { return answered.ask(other.serial) == OcspResult::good; }));
  CHECK(trouble().empty());
  CHECK(World::eventually(
      [&] { return world.noticed("signs again"); }));  // told behind the key's first good use
}

TEST_CASE("ocsp: a crash between the steps of a signer's making leads to one key and one certificate",
          "[authority][fault][I12][I19]") {
  World world;
  const auto arn = world.active_root();
  bool after = GENERATE(false, true);
  bool at_certificate = GENERATE(false, true);
  const auto fault = after ? test::FaultyLedger::Fault::after : test::FaultyLedger::Fault::before;
  if (at_certificate) {
    world.ledger.fail_next<ca::MarkIssued>(fault);
  }
  ca::AuthorityUpdate wanted;
  wanted.revocation = ca::RevocationConfiguration{};
  wanted.revocation->ocsp.enabled = true;
  world.service->update(World::caller(), arn, wanted);
  if (!at_certificate) {
    world.ledger.fail_next<ca::UpdateAuthority>(fault);
  }
  REQUIRE(World::eventually([&] { return !world.store->authority(arn)->ocsp_certificate_der.empty(); }));
  world.restart();
  CHECK(world.signer.generations == 2);
  std::size_t signers = 0;
  for (const auto& row : world.store->issued(arn, 0, 100)) {
    signers += row.record.profile == ca::kOcspSignerProfile ? 1U : 0U;
  }
  CHECK(signers == 1);
}

TEST_CASE("ocsp: the batch of signatures that is open ends with the service", "[authority][I3]") {
  World world;
  const Answered answered{world};
  CHECK(world.events("ocsp.signed") == 0);
  world.restart();
  CHECK(world.events("ocsp.signing") == 1);
  CHECK(world.events("ocsp.signed") == 1);
}

TEST_CASE("ocsp: a signer of a short-lived authority holds for seven days at most", "[authority]") {
  World world;
  const auto arn = world.active_root("Brief Root", "SHORT_LIVED_CERTIFICATE");
  ca::AuthorityUpdate wanted;
  wanted.revocation = ca::RevocationConfiguration{};
  wanted.revocation->ocsp.enabled = true;
  world.service->update(World::caller(), arn, wanted);
  REQUIRE(World::eventually([&] { return !world.store->authority(arn)->ocsp_certificate_der.empty(); }));
  const auto signer = ca::Certificate::parse(world.store->authority(arn)->ocsp_certificate_der);
  CHECK(signer.validity.not_after == ca::to_seconds(world.clock.now()) + 7 * kDay);
}

TEST_CASE("ocsp: no good is kept while nobody knows whether the ledger has written the revocation",
          "[authority][I7]") {
  World world;
  world.options.revoke_wait = std::chrono::milliseconds{0};
  world.restart();
  const Answered answered{world};
  world.ledger.fail_next<ca::MarkRevoked>(test::FaultyLedger::Fault::late);
  CHECK(World::code_of([&] { answered.revoke(answered.leaf.serial); }) == ca::Code::unavailable);
  CHECK(answered.ask() == OcspResult::good);  // it is not revoked yet
  world.ledger.release();
  CHECK(answered.ask() == OcspResult::revoked);
}

TEST_CASE("ocsp: behind a clock that was ahead the signer is one that is valid now", "[authority]") {
  World world;
  const Answered answered{world};
  world.clock.advance(21 * kDay);
  answered.wake();
  REQUIRE(World::eventually([&] { return world.events("authority.ocsp_signer_certified") == 2; }));
  world.clock.advance(-20 * kDay);
  answered.wake();
  REQUIRE(World::eventually([&] { return world.events("authority.ocsp_signer_certified") == 3; }));
  CHECK(answered.signer().validity.not_before <= ca::to_seconds(world.clock.now()));
  CHECK(World::eventually([&] { return answered.ask() == OcspResult::good; }));
}

TEST_CASE("ocsp: a start with a clock far ahead is forgotten when the clock is right again", "[authority]") {
  World world;
  const Answered answered{world};
  world.clock.advance(kDay * 4000);
  world.restart();
  CHECK(answered.ask() == OcspResult::unauthorized);
  world.clock.advance(-kDay * 4000);
  CHECK(World::eventually([&] { return answered.ask() == OcspResult::good; }));
}
