#include "tests/integration/authority/outside.hpp"

// Decisions of docs/api-compatibility.md that no other test is about.

using ca::Code;
using test::refused;
using test::World;

TEST_CASE("update: a status that cannot be set is refused", "[authority]") {
  World world;
  const auto root = world.active_root();
  for (const auto status :
       {ca::AuthorityStatus::creating, ca::AuthorityStatus::pending_certificate, ca::AuthorityStatus::deleted,
        ca::AuthorityStatus::expired, ca::AuthorityStatus::failed}) {
    INFO(ca::api_name(status));
    refused([&] { world.service->update(World::caller(), root, {.status = status}); }, Code::invalid_args,
            "ACTIVE or DISABLED only");
  }
  CHECK(world.service->describe(World::caller(), root).status == ca::AuthorityStatus::active);
}

TEST_CASE("issue: a short-lived authority issues for seven days and not a second longer",
          "[authority][I10]") {
  World world;
  const auto root = world.create(ca::AuthorityType::root, "Short", "SHORT_LIVED_CERTIFICATE");
  auto own = world.order(root, world.service->csr(World::caller(), root), "RootCACertificate");
  own.validity.value = 3650;  // its own certificate is exempt
  const auto arn = world.service->issue(World::caller(), own);
  const auto pem = world.service->certificate(World::caller(), root, arn);
  world.service->import_certificate(World::caller(), {root, pem.certificate, std::nullopt});

  auto order = world.order(root, test::make_csr());
  order.validity.value = 7;
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
  order.validity.value = 8;
  refused([&] { (void)world.service->issue(World::caller(), order); }, Code::constraint_violation,
          "seven days");
  const auto end = ca::to_seconds(world.clock.now()) + std::chrono::hours{7 * 24};
  order.validity = {.value = end.time_since_epoch().count(), .type = ca::ValidityRequest::Type::absolute};
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
  ++order.validity.value;
  refused([&] { (void)world.service->issue(World::caller(), order); }, Code::constraint_violation,
          "seven days");
}

TEST_CASE("issue: an idempotency token is known to its principal at its authority only", "[authority][I12]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Other Root");
  auto order = world.order(root, test::make_csr());
  order.idempotency_token = "token-1";
  const auto first = world.service->issue(World::caller(), order);
  CHECK(world.service->issue(World::caller(), order) == first);
  CHECK(world.service->issue(World::caller("provisioner"), order) != first);
  order.authority = other;
  CHECK(world.service->issue(World::caller(), order).authority == other);
}

TEST_CASE("certificate: one of another authority is as absent as one that never was", "[authority][I15]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Other Root");
  const auto theirs = world.service->issue(World::caller(), world.order(other, test::make_csr()));
  const ca::CertificateArn never{root, ca::SerialNumber::random()};
  for (const auto& arn : {theirs, never}) {
    refused([&] { (void)world.service->certificate(World::caller(), root, arn); }, Code::resource_not_found,
            "Could not find certificate with ARN " + arn.text());
  }
}

TEST_CASE("issue: a CSR in DER is refused", "[authority]") {
  World world;
  const auto root = world.active_root();
  const std::string pem = test::make_csr();
  const std::string der = ca::text_of(ca::parse_pem(pem, 1).front().der);
  refused([&] { (void)world.service->issue(World::caller(), world.order(root, der)); }, Code::malformed_csr,
          "not valid PEM");
}
