#include "ca/base/error.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;

namespace {

ca::ProvisioningOrder order_for(const std::string& device_id, const std::string& csr_pem) {
  ca::ProvisioningOrder order;
  order.device_id = device_id;
  order.csr_pem = csr_pem;
  return order;
}

}  // namespace

TEST_CASE("provision: the same device and key again give the same certificate without a second signature",
          "[provision][I12]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto key = test::make_key();
  const auto first = world.service->provision(
      World::caller("provisioner"), order_for("SN-1", test::make_csr({.common_name = "SN-1"}, key.get())));
  const int signatures = world.signer.signatures;
  world.restart();
  world.service->replace_profiles({world.profile(root)});

  const auto again = world.service->provision(
      World::caller("provisioner"), order_for("SN-1", test::make_csr({.common_name = "SN-1"}, key.get())));
  CHECK(again.pem->certificate == first.pem->certificate);
  CHECK(world.signer.signatures == signatures);
  const auto other = world.service->provision(World::caller("provisioner"),
                                              order_for("SN-1", test::make_csr({.common_name = "SN-1"})));
  CHECK(other.pem->certificate != first.pem->certificate);
}

TEST_CASE("provision: names that the profile does not grant are refused before anything is signed",
          "[provision][I11]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const int signatures = world.signer.signatures;
  const auto refused = [&](const std::string& cn, const std::string& dns) {
    const auto csr = test::make_csr({.common_name = cn, .dns_name = dns});
    return World::code_of(
        [&] { (void)world.service->provision(World::caller("provisioner"), order_for("SN-1", csr)); });
  };
  CHECK(refused("SN-2", "") == ca::Code::name_not_permitted);
  CHECK(refused("SN-1", "SN-2.devices.example") == ca::Code::name_not_permitted);
  CHECK(refused("SN-1", "admin.example") == ca::Code::name_not_permitted);
  CHECK(world.signer.signatures == signatures);
  CHECK(world.store->counts().pending == 0);
}

TEST_CASE("provision: a device id can never be a pattern", "[provision][I11]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  for (const char* device_id : {"*", "SN-?", "", "SN 1", "{device_id}", "SN-1/../x"}) {
    const auto csr = test::make_csr({.common_name = "anything"});
    CHECK(World::code_of([&] {
            (void)world.service->provision(World::caller("provisioner"), order_for(device_id, csr));
          }) == ca::Code::constraint_violation);
  }
}

TEST_CASE("provision: a device that speaks for itself cannot ask for another", "[provision][I11]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  auto device = World::caller("provisioner");
  device.device_id = "SN-1";
  const auto csr = test::make_csr({.common_name = "SN-2"});
  CHECK(World::code_of([&] { (void)world.service->provision(device, order_for("SN-2", csr)); }) ==
        ca::Code::access_denied);
}

TEST_CASE("provision: a request accepted while the token is away is polled to its end",
          "[provision][I1][I19]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  world.signer.set_away(true);
  const auto csr = test::make_csr({.common_name = "SN-1"});
  const auto accepted = world.service->provision(World::caller("provisioner"), order_for("SN-1", csr));
  CHECK(accepted.record.state == ca::CertificateState::pending);
  CHECK_FALSE(accepted.pem);
  world.signer.set_away(false);
  const auto id = accepted.record.serial.hex();
  REQUIRE(World::eventually(
      [&] { return world.service->provisioned(World::caller("provisioner"), id).pem.has_value(); }));
  CHECK(world.service->provision(World::caller("provisioner"), order_for("SN-1", csr)).record.serial ==
        accepted.record.serial);
}

TEST_CASE("provision: a revoked device key gets no certificate again", "[provision][I7]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto csr = test::make_csr({.common_name = "SN-1"});
  const auto first = world.service->provision(World::caller("provisioner"), order_for("SN-1", csr));
  world.service->revoke(World::caller(), root, first.record.serial.hex(),
                        ca::RevocationReason::key_compromise);
  CHECK(World::code_of([&] {
          (void)world.service->provision(World::caller("provisioner"), order_for("SN-1", csr));
        }) == ca::Code::conflict);
}

TEST_CASE("provision: the same token for another request is an error and never the old certificate",
          "[provision][I12]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto key = test::make_key();
  auto order = order_for("SN-1", test::make_csr({.common_name = "SN-1"}, key.get()));
  order.idempotency_token = "t";
  const auto first = world.service->provision(World::caller("provisioner"), order);
  CHECK(world.service->provision(World::caller("provisioner"), order).record.serial == first.record.serial);

  SECTION("another device has tokens of its own") {
    auto other = order_for("SN-2", test::make_csr({.common_name = "SN-2"}));
    other.idempotency_token = "t";
    CHECK(world.service->provision(World::caller("provisioner"), other).record.device_id == "SN-2");
  }
  SECTION("a known device with the token of another request of its own") {
    order.csr_pem = test::make_csr({.common_name = "SN-1"});
    CHECK(World::code_of([&] { (void)world.service->provision(World::caller("provisioner"), order); }) ==
          ca::Code::conflict);
  }
}

TEST_CASE("provision: a device key has one certificate in each profile", "[provision][I12]") {
  World world;
  const auto root = world.active_root();
  auto server = world.profile(root);
  server.name = "server";
  server.template_name = "EndEntityServerAuthCertificate";
  world.service->replace_profiles({world.profile(root), server});
  const auto key = test::make_key();
  auto order = order_for("SN-1", test::make_csr({.common_name = "SN-1"}, key.get()));
  const auto client = world.service->provision(World::caller(), order);
  order.profile = "server";
  const auto other = world.service->provision(World::caller(), order);
  CHECK(other.record.template_name == "EndEntityServerAuthCertificate");
  CHECK(world.service->provision(World::caller(), order).record.serial == other.record.serial);
  order.profile = "default";
  CHECK(world.service->provision(World::caller(), order).record.serial == client.record.serial);
}

TEST_CASE("provision: the same key with other names is not answered with the old names", "[provision][I12]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto key = test::make_key();
  (void)world.service->provision(World::caller(),
                                 order_for("SN-1", test::make_csr({.common_name = "SN-1"}, key.get())));
  const auto more = order_for(
      "SN-1", test::make_csr({.common_name = "SN-1", .dns_name = "SN-1.devices.example"}, key.get()));
  CHECK(World::code_of([&] { (void)world.service->provision(World::caller(), more); }) == ca::Code::conflict);
}

TEST_CASE("provision: the profile of another account is as absent as any", "[provision][I15]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto message = [&](const std::string& profile) -> std::string {
    auto order = order_for("SN-1", test::make_csr({.common_name = "SN-1"}));
    order.profile = profile;
    try {
      (void)world.service->provision(World::caller("admin", "999999999999"), order);
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::resource_not_found);
      return error.what();
    }
    return "";
  };
  CHECK(message("default") == "there is no provisioning profile named 'default'");
  CHECK(message("absent") == "there is no provisioning profile named 'absent'");
}

TEST_CASE("provision: what was accepted is found after its profile is gone", "[provision][I19]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  world.signer.set_away(true);
  const auto accepted = world.service->provision(World::caller("provisioner"),
                                                 order_for("SN-1", test::make_csr({.common_name = "SN-1"})));
  world.service->replace_profiles({});
  world.signer.set_away(false);
  const auto id = accepted.record.serial.hex();
  REQUIRE(World::eventually(
      [&] { return world.service->provisioned(World::caller("provisioner"), id).pem.has_value(); }));
}

TEST_CASE("device: a living certificate of ours names its device and nothing else does", "[provision][I11]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto given = world.service->provision(World::caller("provisioner"),
                                              order_for("SN-1", test::make_csr({.common_name = "SN-1"})));
  const auto der = given.record.der;
  const auto found = world.service->device_of(der);
  REQUIRE(found);
  CHECK(found->device_id == "SN-1");
  CHECK(found->account == "123456789012");

  SECTION("not the bytes") {
    auto other = der;
    other.back() ^= 1U;
    CHECK_FALSE(world.service->device_of(other));
    CHECK_FALSE(world.service->device_of({1, 2, 3}));
  }
  SECTION("not a device's") {
    const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
    CHECK_FALSE(world.service->device_of(world.store->certificate(root, arn.serial)->der));
  }
  SECTION("revoked") {
    world.service->revoke(World::caller(), root, given.record.serial.hex(), ca::RevocationReason::superseded);
    CHECK_FALSE(world.service->device_of(der));
  }
  SECTION("over") {
    world.clock.advance(std::chrono::hours{24 * 91});
    CHECK_FALSE(world.service->device_of(der));
  }
}
