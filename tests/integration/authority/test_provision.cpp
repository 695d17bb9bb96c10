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
    return code_of(
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
    CHECK(code_of([&] {
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
  CHECK(code_of([&] { (void)world.service->provision(device, order_for("SN-2", csr)); }) ==
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

TEST_CASE("provision: a revoked device key gets no certificate again", "[provision][I9]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto csr = test::make_csr({.common_name = "SN-1"});
  const auto first = world.service->provision(World::caller("provisioner"), order_for("SN-1", csr));
  world.service->revoke(World::caller(), root, first.record.serial.hex(),
                        ca::RevocationReason::key_compromise);
  CHECK(code_of([&] {
          (void)world.service->provision(World::caller("provisioner"), order_for("SN-1", csr));
        }) == ca::Code::conflict);
}
