#include <set>
#include <thread>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/x509/certificate.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;

namespace {

ca::Certificate parsed(const std::string& pem) {
  return ca::Certificate::parse(ca::parse_pem(pem, 1).front().der);
}

ca::SerialNumber serial_of(const std::string& pem) {
  return ca::SerialNumber::from_hex(ca::to_hex(parsed(pem).serial));
}

}  // namespace

TEST_CASE("issue: three tiers are made and the leaf carries their chain up to the root",
          "[authority][I1][I4]") {
  World world;
  const auto root = world.active_root();
  const auto subordinate = world.active_subordinate(root, "Test Subordinate", 1);
  const auto issuing = world.active_subordinate(subordinate, "Test Issuing", 0);

  const auto arn = world.service->issue(world.caller(), world.order(issuing, test::make_csr()));
  const auto pem = world.service->certificate(world.caller(), issuing, arn);

  const auto leaf = parsed(pem.certificate);
  const auto chain = ca::parse_pem(pem.chain.value(), 8);
  REQUIRE(chain.size() == 3);
  const auto first = ca::Certificate::parse(chain[0].der);
  const auto last = ca::Certificate::parse(chain[2].der);
  CHECK(leaf.is_signed_by(first.public_key));
  CHECK(last.self_issued());
  CHECK(pem.certificate.back() == '-');
  CHECK(pem.chain->back() == '-');
  const auto row = world.store->certificate(issuing, arn.serial).value();
  CHECK(row.state == ca::CertificateState::issued);
  CHECK(row.der == leaf.der);
  CHECK(row.tbs_der == leaf.tbs_der);
}

TEST_CASE("issue: an accepted certificate waits for the token and is then signed with the same serial",
          "[authority][I1][I19]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  world.signer.set_away(false);
  const auto root = world.active_root();
  world.signer.set_away(true);

  const auto arn = world.service->issue(world.caller(), world.order(root, test::make_csr()));
  CHECK(World::code_of([&] { (void)world.service->certificate(world.caller(), root, arn); }) ==
        ca::Code::request_in_progress);
  world.signer.set_away(false);

  REQUIRE(World::eventually(
      [&] { return world.store->certificate(root, arn.serial)->state == ca::CertificateState::issued; }));
  CHECK(serial_of(world.service->certificate(world.caller(), root, arn).certificate) == arn.serial);
}

TEST_CASE("issue: a pending row survives a restart and is signed over the same bytes",
          "[authority][I3][I4][I19]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  world.signer.set_away(true);
  const auto arn = world.service->issue(world.caller(), world.order(root, test::make_csr()));
  const auto before = world.store->certificate(root, arn.serial).value();

  world.restart();
  world.signer.set_away(false);

  REQUIRE(World::eventually(
      [&] { return world.store->certificate(root, arn.serial)->state == ca::CertificateState::issued; }));
  const auto after = world.store->certificate(root, arn.serial).value();
  CHECK(after.tbs_der == before.tbs_der);
  CHECK(ca::Certificate::parse(after.der).tbs_der == before.tbs_der);
  CHECK(world.events("certificate.pending") == world.events("certificate.issued"));
}

TEST_CASE("issue: the same token and request from many threads give one certificate",
          "[authority][I2][I12]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr());
  order.idempotency_token = "token-1";
  const int before = world.signer.signatures;

  std::mutex mutex;
  std::set<std::string> arns;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto arn = world.service->issue(World::caller(), order).text();
      const std::lock_guard lock{mutex};
      arns.insert(arn);
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(arns.size() == 1);
  CHECK(world.signer.signatures == before + 1);
}

TEST_CASE("issue: the same token with another request is an error and never the old certificate",
          "[authority][I12]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr());
  order.idempotency_token = "token-1";
  const auto first = world.service->issue(world.caller(), order);
  order.csr_pem = test::make_csr();

  CHECK(World::code_of([&] { (void)world.service->issue(world.caller(), order); }) == ca::Code::conflict);
  world.clock.advance(std::chrono::minutes{6});
  CHECK(world.service->issue(world.caller(), order) != first);
}

TEST_CASE("issue: a certificate never outlives its issuer", "[authority][I10]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr());
  order.validity.value = 4000;
  const int before = world.signer.signatures;

  CHECK(World::code_of([&] { (void)world.service->issue(world.caller(), order); }) ==
        ca::Code::validity_beyond_issuer);
  CHECK(world.signer.signatures == before);
}

TEST_CASE("issue: the issuer's path length is kept", "[authority][I10][I11]") {
  World world;
  const auto root = world.active_root();
  const auto subordinate = world.active_subordinate(root, "Depth Zero", 0);
  const auto order = world.order(subordinate, test::make_csr(), "SubordinateCACertificate_PathLen0");
  CHECK(World::code_of([&] { (void)world.service->issue(world.caller(), order); }) ==
        ca::Code::path_length_exceeded);
}

TEST_CASE("issue: an authority that is not active refuses with the words that clients match", "[authority]") {
  World world;
  const auto root = world.active_root();
  world.service->update(world.caller(), root, {.status = ca::AuthorityStatus::disabled});
  CHECK_THROWS_WITH(world.service->issue(world.caller(), world.order(root, test::make_csr())),
                    "The certificate authority is not in a valid state for issuing certificates");
  world.service->update(world.caller(), root, {.status = ca::AuthorityStatus::active});
  CHECK_NOTHROW(world.service->issue(world.caller(), world.order(root, test::make_csr())));
}

TEST_CASE("issue: a row whose authority was disabled before the token came back fails for good",
          "[authority][I19]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  world.signer.set_away(true);
  const auto arn = world.service->issue(world.caller(), world.order(root, test::make_csr()));
  world.service->update(world.caller(), root, {.status = ca::AuthorityStatus::disabled});
  world.signer.set_away(false);

  REQUIRE(World::eventually(
      [&] { return world.store->certificate(root, arn.serial)->state == ca::CertificateState::failed; }));
  CHECK(World::code_of([&] { (void)world.service->certificate(world.caller(), root, arn); }) ==
        ca::Code::request_failed);
  CHECK(world.store->certificate(root, arn.serial)->der.empty());
}

TEST_CASE("issue: the provisioning role is denied every CA template", "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  for (const char* name :
       {"RootCACertificate", "SubordinateCACertificate_PathLen0", "SubordinateCACertificate_PathLen3"}) {
    const auto order = world.order(root, test::make_csr(), name);
    CHECK(World::code_of([&] { (void)world.service->issue(World::caller("provisioner"), order); }) ==
          ca::Code::access_denied);
  }
  CHECK_NOTHROW(world.service->issue(World::caller("provisioner"), world.order(root, test::make_csr())));
}

TEST_CASE("issue: inventory rows and audit events agree after a mixed load", "[authority][I5]") {
  World world;
  const auto root = world.active_root();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
        if (i % 2 == 0) {
          world.service->revoke(World::caller(), root, arn.serial.hex(), ca::RevocationReason::superseded);
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  const auto counts = world.store->counts();
  CHECK(counts.issued + counts.revoked == 41);
  CHECK(counts.revoked == 20);
  CHECK(world.events("certificate.pending") == 41);
  CHECK(world.events("certificate.issued") == 41);
  CHECK(world.events("certificate.revoked") == 20);
}

TEST_CASE("revoke: every serial form is understood and a second call says so", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto arn = world.service->issue(world.caller(), world.order(root, test::make_csr()));
  world.service->revoke(world.caller(), root, arn.serial.colon_hex(), ca::RevocationReason::key_compromise);
  const auto row = world.store->certificate(root, arn.serial).value();
  CHECK(row.state == ca::CertificateState::revoked);
  CHECK(row.revocation_reason == ca::RevocationReason::key_compromise);
  CHECK(World::code_of([&] {
          world.service->revoke(world.caller(), root, arn.serial.hex(), ca::RevocationReason::superseded);
        }) == ca::Code::request_already_processed);
  CHECK_NOTHROW(world.service->certificate(world.caller(), root, arn));
  CHECK(World::code_of([&] {
          world.service->revoke(world.caller(), root, "1234", ca::RevocationReason::superseded);
        }) == ca::Code::resource_not_found);
}

TEST_CASE("revoke: the self-signed certificate of a root cannot be revoked", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto serial = serial_of(world.service->authority_certificate(world.caller(), root).certificate);
  CHECK_THROWS_WITH(
      world.service->revoke(world.caller(), root, serial.hex(), ca::RevocationReason::superseded),
      "Self-signed certificate can not be revoked");
}

TEST_CASE("issue: an exact retry gets its certificate whatever has changed meanwhile", "[authority][I12]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr());
  order.idempotency_token = "token-1";
  const auto first = world.service->issue(World::caller(), order);
  world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::disabled});
  CHECK(world.service->issue(World::caller(), order) == first);
  std::string other_form;
  for (const char c : order.csr_pem) {
    other_form += c == '\n' ? "\r\n" : std::string(1, c);
  }
  order.csr_pem = other_form;
  CHECK(world.service->issue(World::caller(), order) == first);
}

TEST_CASE("issue: a short-lived authority issues for seven days by every way", "[authority][I10]") {
  World world;
  const auto root = world.active_root("Short", "SHORT_LIVED_CERTIFICATE");
  world.service->replace_profiles({world.profile(root)});
  auto order = world.order(root, test::make_csr());
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::constraint_violation);
  CHECK(World::code_of([&] {
          (void)world.service->provision(
              World::caller(), {.device_id = "SN-1", .csr_pem = test::make_csr({.common_name = "SN-1"})});
        }) == ca::Code::constraint_violation);
  order.validity.value = 7;
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
}

TEST_CASE("issue: a device certificate is good for provisioning and nothing else", "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  auto device = World::caller();  // whose principal may do everything
  device.device_id = "SN-1";
  const auto denied = [&](const std::function<void()>& call) {
    CHECK(World::code_of(call) == ca::Code::access_denied);
  };
  denied([&] { (void)world.service->issue(device, world.order(root, test::make_csr())); });
  denied([&] { (void)world.service->describe(device, root); });
  denied([&] { (void)world.service->list(device, 10, ""); });
  denied([&] { (void)world.service->csr(device, root); });
  denied([&] { (void)world.service->authority_certificate(device, root); });
  denied([&] { world.service->update(device, root, {.status = ca::AuthorityStatus::disabled}); });
  denied([&] { world.service->revoke(device, root, "01", ca::RevocationReason::superseded); });
  denied([&] { (void)world.service->certificate(device, root, {root, ca::SerialNumber::random()}); });
}
