#include "ca/base/hex.hpp"
#include "tests/unit/revocation/responder_world.hpp"

using ca::OcspResult;
using test::ReadAnswer;
using test::ResponderWorld;

namespace {

constexpr std::chrono::hours kHalf{2};  // of the life of an answer

OcspResult at_once(ResponderWorld& world, const ca::SerialNumber& serial) {
  const auto reply = world.responder.answer_at_once(world.about(serial));
  return reply ? reply->answer->result : OcspResult::internal_error;
}

}  // namespace

TEST_CASE("ocsp: good is what was issued, and everything else is unknown or revoked", "[revocation][I9]") {
  ResponderWorld world;
  const auto issued = world.issued();
  const auto revoked = world.issued();
  world.clock.advance(std::chrono::seconds{90});
  world.revoke(revoked);
  const auto revoked_at = ca::to_seconds(world.clock.now());
  world.clock.advance(std::chrono::minutes{10});
  const auto pending = world.issued();
  world.inventory.rows[pending.hex()].state = ca::CertificateState::pending;
  const auto failed = world.issued();
  world.inventory.rows[failed.hex()].state = ca::CertificateState::failed;

  CHECK(world.ask(issued) == OcspResult::good);
  CHECK(world.ask(revoked) == OcspResult::revoked);
  CHECK(world.ask(pending) == OcspResult::unknown);
  CHECK(world.ask(failed) == OcspResult::unknown);
  CHECK(world.responder.status().authorities.at(0).unissued == 0);
  CHECK(world.ask(ca::SerialNumber::random()) == OcspResult::unknown);

  const auto all = world.answer(ResponderWorld::request(
      {world.cert_id(issued), world.cert_id(revoked, ca::Digest::sha256), world.cert_id(pending)}));
  const ReadAnswer read{*all.answer, world};
  REQUIRE(OCSP_resp_count(read.basic.get()) == 3);
  CHECK(read.row(0).status == V_OCSP_CERTSTATUS_GOOD);
  CHECK(read.row(1).status == V_OCSP_CERTSTATUS_REVOKED);
  CHECK(read.row(1).reason == 1);
  CHECK(read.row(1).revoked_at == revoked_at);
  CHECK(read.row(2).status == V_OCSP_CERTSTATUS_UNKNOWN);
  CHECK(read.row(0).this_update == ca::to_seconds(world.clock.now()));
  CHECK(read.row(0).next_update == read.row(0).this_update + 2 * kHalf);
}

TEST_CASE("ocsp: a question about a serial that was never issued is told at once, further ones once an hour",
          "[revocation]") {
  ResponderWorld world;
  const auto forged = ca::SerialNumber::random();
  CHECK(world.ask(ca::SerialNumber::random()) == OcspResult::unknown);
  REQUIRE(world.notices.size() == 1);
  CHECK(world.ask(forged) == OcspResult::unknown);
  CHECK(world.ask(forged) == OcspResult::unknown);
  world.responder.tell_unissued(false);
  CHECK(world.notices.size() == 1);
  world.clock.advance(std::chrono::hours{1});
  world.responder.tell_unissued(false);  // also when nobody asks on
  REQUIRE(world.notices.size() == 2);
  CHECK_THAT(world.notices.back(), Contains("3 questions so far"));
  CHECK_THAT(world.notices.back(), Contains(forged.hex() + " (2 asked, first by 192.0.2.1)"));
  world.responder.tell_unissued(true);
  CHECK(world.notices.size() == 2);
  CHECK(world.responder.status().authorities.at(0).unissued == 3);
}

TEST_CASE("ocsp: a scan of serials does not hide a forged one that somebody else asks about",
          "[revocation][I16]") {
  ResponderWorld world;
  CHECK(world.ask(ca::SerialNumber::random()) == OcspResult::unknown);
  for (int i = 0; i < 100; ++i) {
    (void)world.ask(ca::SerialNumber::random(), "198.51.100.1");
  }
  const auto forged = ca::SerialNumber::random();
  CHECK(world.ask(forged, "203.0.113.5") == OcspResult::unknown);
  for (int i = 0; i < 100; ++i) {
    (void)world.ask(ca::SerialNumber::random(), "198.51.100.1");
  }
  world.responder.tell_unissued(true);
  REQUIRE(world.notices.size() == 2);
  CHECK_THAT(world.notices.back(), Contains(forged.hex() + " (1 asked, first by 203.0.113.5)"));
  CHECK_THAT(world.notices.back(), Contains("and 196 questions about others"));
  CHECK(world.notices.back().size() < 1000);
}

TEST_CASE("ocsp: what is not understood or not ours costs no signature", "[revocation][I16]") {
  ResponderWorld world;
  const auto serial = world.issued();
  const auto foreign = world.make_authority("Somebody Else's CA");
  const auto ask = [&](const ca::Bytes& request) { return world.answer(request).answer->result; };
  ca::Bytes trailing = world.about(serial);
  trailing.push_back(0);
  ca::Bytes unknown_digest = world.about(serial);
  // 1.3.14.3.2.26 becomes 1.3.14.3.2.25.
  const ca::Bytes sha1{0x2B, 0x0E, 0x03, 0x02, 0x1A};
  *(std::search(unknown_digest.begin(), unknown_digest.end(), sha1.begin(), sha1.end()) + 4) = 0x19;
  const ca::Bytes other = ca::encode_cert_id(ca::Digest::sha1, foreign.name, foreign.key, serial);
  const ca::Bytes other_key = ca::encode_cert_id(ca::Digest::sha1, world.authority.name, foreign.key, serial);

  CHECK(ask({}) == OcspResult::malformed);
  CHECK(ask({0x30, 0x80}) == OcspResult::malformed);
  CHECK(ask(trailing) == OcspResult::malformed);
  CHECK(ask(ca::Bytes(ca::kMaxOcspRequestBytes + 1, 0x30)) == OcspResult::malformed);
  CHECK(ask(ResponderWorld::request(std::vector<ca::Bytes>(17, world.cert_id(serial)))) ==
        OcspResult::malformed);
  CHECK(ask(world.about(serial, ca::Bytes(129, 1))) == OcspResult::malformed);
  CHECK(ask(unknown_digest) == OcspResult::unauthorized);
  CHECK(ask(ResponderWorld::request({other})) == OcspResult::unauthorized);
  CHECK(ask(ResponderWorld::request({other_key})) == OcspResult::unauthorized);
  world.responder.authorities().put(foreign.arn, 1, {foreign});
  CHECK(ask(ResponderWorld::request({world.cert_id(serial), other})) == OcspResult::unauthorized);

  CHECK(world.signer.signatures == 0);
  CHECK(world.ledger.events.empty());
}

TEST_CASE("ocsp: every hash algorithm names the same issuer", "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  for (const auto digest : {ca::Digest::sha1, ca::Digest::sha256, ca::Digest::sha384, ca::Digest::sha512}) {
    const auto reply = world.answer(ResponderWorld::request({world.cert_id(serial, digest)}));
    CHECK(reply.answer->result == OcspResult::good);
  }
}

TEST_CASE("ocsp: a kept answer is given again until half of its life, then made anew", "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  CHECK_FALSE(world.responder.answer_at_once(world.about(serial)).has_value());
  const auto first = world.answer(world.about(serial)).answer;
  REQUIRE(first->freshness);
  CHECK(world.responder.answer_at_once(world.about(serial))->answer == first);
  world.clock.advance(kHalf - std::chrono::seconds{1});
  CHECK(world.answer(world.about(serial)).answer == first);
  CHECK(world.signer.signatures == 1);
  world.clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(world.responder.answer_at_once(world.about(serial)).has_value());
  const auto second = world.answer(world.about(serial)).answer;
  CHECK(second != first);
  CHECK(second->freshness->this_update == first->freshness->this_update + kHalf);
  CHECK(world.signer.signatures == 2);
  CHECK(world.responder.status().cache_hits == 2);
}

TEST_CASE("ocsp: while one makes a new answer the others get the old one", "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  const auto first = world.answer(world.about(serial)).answer;
  world.clock.advance(kHalf);
  ca::SharedOcspAnswer meanwhile;
  world.signer.after_next_signature(
      [&] { meanwhile = world.responder.answer_at_once(world.about(serial)).value().answer; });
  CHECK(world.answer(world.about(serial)).answer != first);
  CHECK(meanwhile == first);
}

TEST_CASE("ocsp: without its token the responder gives what it keeps until nextUpdate, then tryLater",
          "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  const auto first = world.answer(world.about(serial)).answer;
  world.signer.set_away(true);
  world.clock.advance(kHalf + std::chrono::minutes{1});
  CHECK(world.answer(world.about(serial)).answer == first);
  CHECK(world.ask(world.issued()) == OcspResult::try_later);
  world.clock.advance(kHalf);
  const auto late = world.answer(world.about(serial));
  CHECK(late.answer->result == OcspResult::try_later);
  CHECK_THAT(late.cause, Contains("away"));
  world.signer.set_away(false);
  CHECK(world.ask(serial) == OcspResult::good);
}

TEST_CASE("ocsp: a revocation while its answer is signed leaves no good behind", "[revocation][I7]") {
  ResponderWorld world;
  const auto serial = world.issued();
  bool with_nonce = GENERATE(false, true);
  world.signer.after_next_signature([&] { world.revoke(serial); });
  const auto nonce = with_nonce ? std::optional{ca::Bytes(16, 7)} : std::nullopt;
  CHECK(world.answer(world.about(serial, nonce)).answer->result == OcspResult::revoked);
  CHECK(world.ask(serial) == OcspResult::revoked);
  CHECK((with_nonce || at_once(world, serial) == OcspResult::revoked));
}

TEST_CASE("ocsp: a revocation between the look into the inventory and the signature leaves no good behind",
          "[revocation][I7]") {
  ResponderWorld world;
  const auto serial = world.issued();
  const auto other = world.issued();
  world.inventory.after_read = [&] { world.revoke(serial); };
  const auto several = world.answer(ResponderWorld::request({world.cert_id(serial), world.cert_id(other)}));
  CHECK(several.answer->result == OcspResult::revoked);
  const auto next = world.issued();
  world.inventory.after_read = [&] { world.revoke(next); };
  CHECK(world.ask(next) == OcspResult::revoked);
}

TEST_CASE("ocsp: a revocation replaces the kept answers of all forms, also when no new one can be made",
          "[revocation][I7]") {
  ResponderWorld world;
  const auto serial = world.issued();
  CHECK(world.ask(serial) == OcspResult::good);
  const ca::Bytes sha256_form = ResponderWorld::request({world.cert_id(serial, ca::Digest::sha256)});
  CHECK(world.answer(sha256_form).answer->result == OcspResult::good);
  world.signer.set_away(true);
  world.revoke(serial);
  CHECK_FALSE(world.responder.answer_at_once(world.about(serial)).has_value());
  CHECK(world.ask(serial) == OcspResult::try_later);
  CHECK(world.answer(sha256_form).answer->result == OcspResult::try_later);
  world.signer.set_away(false);
  CHECK(world.ask(serial) == OcspResult::revoked);
}

TEST_CASE("ocsp: a nonce comes back and is never in a kept answer", "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  CHECK(world.ask(serial) == OcspResult::good);
  const ca::Bytes nonce(128, 0x4E);
  const auto reply = world.answer(world.about(serial, nonce));
  CHECK_FALSE(reply.answer->freshness);
  const ReadAnswer read{*reply.answer, world};
  const int at = OCSP_BASICRESP_get_ext_by_NID(read.basic.get(), NID_id_pkix_OCSP_Nonce, -1);
  REQUIRE(at == 0);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(read.basic.get(), at));
  CHECK(test::octets(value) == ca::der::element(ca::der::tag::kOctetString, nonce));
  CHECK(world.signer.signatures == 2);
  CHECK(world.responder.status().cached == 1);
}

TEST_CASE("ocsp: a hash algorithm with odd parameters is answered and not kept", "[revocation][I16]") {
  ResponderWorld world;
  const auto serial = world.issued();
  ca::Bytes request = world.about(serial);
  const ca::Bytes null{0x1A, 0x05, 0x00};  // the end of SHA-1's identifier and NULL
  *(std::search(request.begin(), request.end(), null.begin(), null.end()) + 1) = 0x30;
  CHECK(world.answer(request).answer->result == OcspResult::good);
  CHECK(world.responder.status().cached == 0);
}

TEST_CASE("ocsp: each kind of answer has a budget of its own", "[revocation][I16]") {
  ResponderWorld world{{.fresh_per_second = 2,
                        .unknown_per_second = 1,
                        .nonce_per_second = 1,
                        .several_per_second = 1,
                        .part_of_sender = 1}};
  const auto serial = world.issued();
  const ca::Bytes nonce(16, 1);
  const ca::Bytes two = ResponderWorld::request({world.cert_id(serial), world.cert_id(serial)});
  const auto result = [&](const ca::Bytes& request) { return world.answer(request).answer->result; };
  CHECK(world.ask(ca::SerialNumber::random()) == OcspResult::unknown);
  CHECK(world.ask(ca::SerialNumber::random()) == OcspResult::try_later);
  CHECK(result(world.about(serial, nonce)) == OcspResult::good);
  CHECK(result(world.about(serial, nonce)) == OcspResult::try_later);
  CHECK(result(two) == OcspResult::good);
  CHECK(result(two) == OcspResult::try_later);
  CHECK(world.ask(serial) == OcspResult::good);
  CHECK(world.ask(world.issued()) == OcspResult::good);
  CHECK(world.ask(world.issued()) == OcspResult::try_later);
  CHECK(world.ask(serial) == OcspResult::good);
  CHECK(world.responder.status().authorities.at(0).unissued == 2);
}

TEST_CASE("ocsp: one sender has its part of each budget and leaves the rest to the others",
          "[revocation][I16]") {
  ResponderWorld world{{.fresh_per_second = 8,
                        .unknown_per_second = 8,
                        .nonce_per_second = 8,
                        .several_per_second = 8,
                        .part_of_sender = 0.25}};
  const auto serial = world.issued();
  const auto about_new = [&] { return world.about(world.issued()); };
  const auto unknown = [&] { return world.about(ca::SerialNumber::random()); };
  const auto with_nonce = [&] { return world.about(serial, ca::Bytes(16, 1)); };
  const auto several = [&] {
    return ResponderWorld::request({world.cert_id(serial), world.cert_id(serial)});
  };
  const std::function<ca::Bytes()> kinds[]{about_new, unknown, with_nonce, several};
  for (const auto& kind : kinds) {
    const auto answered = [&](const std::string& sender) {
      int count = 0;
      for (int i = 0; i < 20; ++i) {
        count += world.answer(kind(), sender).answer->result == OcspResult::try_later ? 0 : 1;
      }
      return count;
    };
    CHECK(answered("192.0.2.1") == 2);
    CHECK(answered("192.0.2.2") == 2);
    CHECK(answered("2001:db8::") == 2);
  }
  // What is kept costs nobody's part.
  REQUIRE(world.ask(serial, "192.0.2.3") == OcspResult::good);
  CHECK(world.ask(serial, "192.0.2.1") == OcspResult::good);
}

TEST_CASE("ocsp: a signer that is absent or has ended never answers", "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  auto without = world.authority;
  without.signer.reset();
  world.responder.authorities().put(without.arn, 2, {without});
  CHECK(world.ask(serial) == OcspResult::try_later);
  auto with = world.authority;
  with.signer->validity.not_after = ca::to_seconds(world.clock.now()) + std::chrono::hours{1};
  world.responder.authorities().put(with.arn, 3, {with});
  const auto last = world.answer(world.about(serial)).answer;
  REQUIRE(last->freshness);
  CHECK(last->freshness->next_update == with.signer->validity.not_after);
  world.clock.advance(std::chrono::hours{1});
  CHECK(world.ask(serial) == OcspResult::try_later);
}

TEST_CASE("ocsp: an authority that is gone or switched off is not answered for, also from the cache",
          "[revocation]") {
  ResponderWorld world;
  const auto serial = world.issued();
  CHECK(world.ask(serial) == OcspResult::good);
  world.responder.authorities().put(world.authority.arn, 2, {});
  CHECK(world.ask(serial) == OcspResult::unauthorized);
  CHECK(at_once(world, serial) == OcspResult::unauthorized);
  world.responder.authorities().put(world.authority.arn, 1, {world.authority});  // a change that came late
  CHECK(world.ask(serial) == OcspResult::unauthorized);
  world.responder.authorities().put(world.authority.arn, 3, {world.authority});
  CHECK(at_once(world, serial) == OcspResult::good);
  world.clock.advance(std::chrono::hours{24 * 365});
  CHECK(world.ask(serial) == OcspResult::unauthorized);
}

TEST_CASE("ocsp: when the inventory cannot be read nothing is said", "[revocation][I9]") {
  ResponderWorld world;
  const auto serial = world.issued();
  world.inventory.away = true;
  CHECK(world.ask(serial) == OcspResult::try_later);
  CHECK(world.signer.signatures == 0);
}

TEST_CASE("ocsp: a batch of signatures is intended before its first and ends with their number and root",
          "[revocation][I3]") {
  ResponderWorld world;
  std::size_t intended_before = 0;
  world.signer.after_next_signature([&] { intended_before = world.ledger.of_type("ocsp.signing").size(); });
  const auto first = world.answer(world.about(world.issued())).answer;
  CHECK(intended_before == 1);
  const auto second = world.answer(world.about(world.issued())).answer;
  CHECK(world.responder.write_batches(false));
  CHECK(world.ledger.of_type("ocsp.signed").empty());
  world.clock.advance(std::chrono::minutes{1});
  world.ledger.away = true;
  CHECK_FALSE(world.responder.write_batches(false));
  CHECK(world.ask(world.issued()) == OcspResult::try_later);
  world.ledger.away = false;
  CHECK(world.responder.write_batches(false));

  REQUIRE(world.ledger.of_type("ocsp.signed").size() == 1);
  const auto intent = world.ledger.of_type("ocsp.signing").at(0);
  const auto outcome = world.ledger.of_type("ocsp.signed").at(0);
  ca::MerkleFrontier tree;
  for (const auto& answer : {first, second}) {
    tree.append(ca::leaf_hash(ca::text_of(answer->der)));
  }
  CHECK(outcome.detail.at("batch") == intent.detail.at("batch"));
  CHECK(outcome.detail.at("responses") == "2");
  CHECK(outcome.detail.at("failed") == "0");
  CHECK(outcome.detail.at("responses_root") == ca::to_hex(tree.root()));

  CHECK(world.ask(world.issued()) == OcspResult::good);
  CHECK(world.ledger.of_type("ocsp.signing").size() == 2);
  CHECK(world.responder.write_batches(true));
  CHECK(world.ledger.of_type("ocsp.signed").size() == 2);
}

TEST_CASE("ocsp: a batch that is over while a signature is under way waits for it", "[revocation][I3]") {
  ResponderWorld world;
  world.signer.after_next_signature([&] {
    world.clock.advance(std::chrono::minutes{1});
    CHECK_FALSE(world.responder.write_batches(true));
    CHECK(world.ledger.of_type("ocsp.signed").empty());
  });
  CHECK(world.ask(world.issued()) == OcspResult::good);
  CHECK(world.responder.write_batches(false));
  CHECK(world.ledger.of_type("ocsp.signed").at(0).detail.at("responses") == "1");
}

TEST_CASE("ocsp: a signature that does not verify leaves nothing and counts as failed", "[revocation][I4]") {
  ResponderWorld world;
  world.signer.corrupt = true;
  CHECK(world.ask(world.issued()) == OcspResult::try_later);
  CHECK(world.responder.write_batches(true));
  CHECK(world.ledger.of_type("ocsp.signed").at(0).detail.at("failed") == "1");
  CHECK(world.ledger.of_type("ocsp.signed").at(0).detail.at("responses") == "0");
}
