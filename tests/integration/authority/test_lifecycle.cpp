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

TEST_CASE("import: every rule for the certificate of an authority holds", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto root_pem = world.service->authority_certificate(world.caller(), root).certificate;
  const auto pending = world.create(ca::AuthorityType::subordinate, "Sub");
  auto order =
      world.order(root, world.service->csr(world.caller(), pending), "SubordinateCACertificate_PathLen0");
  const auto issued =
      world.service->certificate(world.caller(), root, world.service->issue(world.caller(), order));
  const auto import = [&](const std::string& certificate, std::optional<std::string> chain) {
    return code_of([&] {
      world.service->import_certificate(world.caller(), {pending, certificate, std::move(chain)});
    });
  };

  SECTION("no chain") { CHECK(import(issued.certificate, std::nullopt) == ca::Code::invalid_request); }
  SECTION("self-signed") { CHECK(import(root_pem, root_pem) == ca::Code::certificate_mismatch); }
  SECTION("chain without its root") {
    const auto other = world.active_subordinate(root, "Other", 1);
    const auto other_pem = world.service->authority_certificate(world.caller(), other).certificate;
    CHECK(import(issued.certificate, other_pem) == ca::Code::certificate_mismatch);
  }
  SECTION("a leaf") {
    const auto leaf = world.service->certificate(
        world.caller(), root, world.service->issue(world.caller(), world.order(root, test::make_csr())));
    CHECK(import(leaf.certificate, root_pem) == ca::Code::certificate_mismatch);
  }
  SECTION("leaf template on the authority's CSR") {
    auto leaf_order = order;
    leaf_order.template_arn = "arn:aws:acm-pca:::template/EndEntityCertificate/V1";
    const auto leaf =
        world.service->certificate(world.caller(), root, world.service->issue(world.caller(), leaf_order));
    CHECK(import(leaf.certificate, root_pem) == ca::Code::malformed_certificate);
  }
  SECTION("garbage") { CHECK(import("not pem", root_pem) == ca::Code::malformed_certificate); }
  SECTION("two certificates") {
    CHECK(import(issued.certificate + "\n" + root_pem, root_pem) == ca::Code::malformed_certificate);
  }
  SECTION("own certificate in the chain") {
    CHECK(import(issued.certificate, issued.certificate + "\n" + root_pem) ==
          ca::Code::malformed_certificate);
  }
  SECTION("good") {
    world.service->import_certificate(world.caller(), {pending, issued.certificate + "\n", issued.chain});
    const auto back = world.service->authority_certificate(world.caller(), pending);
    CHECK(back.certificate == issued.certificate);
    CHECK(back.chain == issued.chain);
    CHECK(world.service->describe(world.caller(), pending).status == ca::AuthorityStatus::active);
  }
}

TEST_CASE("describe: an authority expires by the clock and not by a job", "[authority][I10]") {
  World world;
  const auto root = world.active_root();
  world.clock.advance(std::chrono::hours{24 * 3651});
  CHECK(world.service->describe(world.caller(), root).status == ca::AuthorityStatus::expired);
  CHECK(code_of([&] { (void)world.service->issue(world.caller(), world.order(root, test::make_csr())); }) ==
        ca::Code::invalid_state);
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
