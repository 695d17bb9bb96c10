#include <set>

#include "ca/base/error.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;

namespace {

ca::Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ca::Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return ca::Code::internal;
}

}  // namespace

TEST_CASE("create: the authority waits for its certificate and has a CSR", "[authority]") {
  World world;
  const auto arn = world.create(ca::AuthorityType::root, "Fresh");
  const auto record = world.service->describe(world.caller(), arn);
  CHECK(record.status == ca::AuthorityStatus::pending_certificate);
  const auto csr = ca::CertificateRequest::parse_pem(world.service->csr(world.caller(), arn));
  CHECK(csr.subject.text() == "CN=Fresh");
  CHECK(csr.public_key.spki_der() == record.spki_der);
  CHECK_THROWS_WITH(world.service->authority_certificate(world.caller(), arn),
                    "The certificate authority " + arn.text() +
                        " is not in the correct state to have a certificate signing request.");
}

TEST_CASE("create: an authority whose key is not made yet is finished after a restart with one key",
          "[authority][I19]") {
  World world;
  world.options.create_wait = std::chrono::milliseconds{20};
  world.restart();
  world.signer.set_away(true);
  const auto arn = world.create(ca::AuthorityType::root, "Late");
  CHECK(world.service->describe(world.caller(), arn).status == ca::AuthorityStatus::creating);
  CHECK(code_of([&] { (void)world.service->csr(world.caller(), arn); }) == ca::Code::request_in_progress);
  world.signer.set_away(false);
  world.restart();
  REQUIRE(World::eventually([&] {
    return world.service->describe(world.caller(), arn).status == ca::AuthorityStatus::pending_certificate;
  }));
  CHECK(world.signer.generations == 1);
}

TEST_CASE("create: the same idempotency token gives the same authority", "[authority][I12]") {
  World world;
  ca::SubjectFields subject;
  subject.common_name = "Once";
  ca::CreateAuthorityOrder order;
  order.subject = ca::encode_subject(subject);
  order.idempotency_token = "t";
  const auto first = world.service->create(world.caller(), order);
  CHECK(world.service->create(world.caller(), order) == first);
  subject.common_name = "Other";
  order.subject = ca::encode_subject(subject);
  order.configuration_json = "{}";
  CHECK_THROWS_AS(world.service->create(world.caller(), order), ca::Error);
}

TEST_CASE("create: key and signature of different families are refused", "[authority]") {
  World world;
  ca::SubjectFields subject;
  subject.common_name = "Mixed";
  ca::CreateAuthorityOrder order;
  order.subject = ca::encode_subject(subject);
  order.signing_algorithm = ca::SigningAlgorithm::sha256_with_rsa;
  CHECK(code_of([&] { (void)world.service->create(world.caller(), order); }) == ca::Code::invalid_args);
}

TEST_CASE("describe: an authority expires by the clock and not by a job", "[authority][I10]") {
  World world;
  const auto root = world.active_root();
  world.clock.advance(std::chrono::hours{24 * 3651});
  CHECK(world.service->describe(world.caller(), root).status == ca::AuthorityStatus::expired);
  CHECK(code_of([&] { (void)world.service->issue(world.caller(), world.order(root, test::make_csr())); }) ==
        ca::Code::invalid_state);
}

TEST_CASE("status: an authority says why it could not issue now, and whether it ever was to",
          "[authority][I10]") {
  World world;
  const auto key_of = [&](const ca::AuthorityArn& arn) {
    for (const auto& key : world.service->status().keys) {
      if (key.arn == arn.text()) {
        return key;
      }
    }
    FAIL("no such authority");
    return ca::AuthorityService::Status::AuthorityKey{};
  };
  const auto root = world.active_root();
  const auto waiting = world.create(ca::AuthorityType::subordinate, "Waiting");
  CHECK(key_of(root).closed.empty());
  CHECK(key_of(root).in_service);
  CHECK_FALSE(key_of(waiting).in_service);
  CHECK(key_of(waiting).closed == "it waits for its certificate");

  world.service->update(world.caller(), root, {.status = ca::AuthorityStatus::disabled});
  CHECK(key_of(root).in_service);
  CHECK(key_of(root).closed == "it is DISABLED");
  world.service->update(world.caller(), root, {.status = ca::AuthorityStatus::active});

  world.clock.advance(-std::chrono::hours{24 * 365});
  CHECK_THAT(key_of(root).closed, StartsWith("its certificate is not valid before "));
  world.clock.advance(std::chrono::hours{24 * 365 + 24 * 3651});
  CHECK_THAT(key_of(root).closed, StartsWith("its certificate ended at "));
}

TEST_CASE("list: pages are complete and their token is checked", "[authority]") {
  World world;
  std::set<std::string> made;
  for (int i = 0; i < 5; ++i) {
    made.insert(world.create(ca::AuthorityType::root, "Root " + std::to_string(i)).text());
  }
  std::set<std::string> listed;
  std::string token;
  do {
    const auto page = world.service->list(world.caller(), 2, token);
    for (const auto& record : page.authorities) {
      listed.insert(record.arn.text());
    }
    token = page.next_token;
  } while (!token.empty());
  CHECK(listed == made);
  CHECK(code_of([&] { (void)world.service->list(world.caller(), 2, "bogus"); }) ==
        ca::Code::invalid_next_token);
}
