#include "ca/base/hex.hpp"
#include "ca/x509/extension_value.hpp"
#include "tests/integration/authority/outside.hpp"

// What the certificates of an authority, and those above it, forbid it to issue.

using ca::Code;
using std::chrono::hours;
using test::Outside;
using test::refused;
using test::Waiting;
using test::World;

namespace {

// An authority below "Outside Middle" below "Outside Root"; a test narrows one of the three certificates.
struct ThreeTiers {
  World world;
  Waiting waiting{world};
  Outside middle{world, "Outside Middle"};
  ca::TbsCertificate own = waiting.certificate(middle);
  ca::TbsCertificate above = waiting.outside.authority(middle);
  ca::TbsCertificate root = waiting.outside.root();

  [[nodiscard]] std::vector<ca::TbsCertificate*> all() { return {&own, &above, &root}; }
  void import() const {
    waiting.import_pem(middle.pem(own), waiting.outside.pem(above) + "\n" + waiting.outside.pem(root));
  }
};

}  // namespace

TEST_CASE("issue: name constraints hold wherever they stand above", "[authority][I11]") {
  for (const std::size_t tier : {0U, 1U, 2U}) {
    INFO(tier);
    ThreeTiers tiers;
    // excluded: evil.test
    tiers.all()[tier]->extensions.push_back(
        {ca::oid::kNameConstraints, true, ca::from_hex("300fa10d300b82096576696c2e74657374")});
    tiers.import();
    refused([&] { (void)tiers.waiting.issue({.dns_name = "www.evil.test"}); }, Code::name_not_permitted,
            "DNS:www.evil.test");
    CHECK_NOTHROW(tiers.waiting.issue({.dns_name = "www.good.test"}));
  }
}

// serverAuth, clientAuth: the template's; serverAuth alone; anyExtendedKeyUsage.
TEST_CASE("issue: a certificate has no purpose that one above it lacks", "[authority][I11]") {
  const ca::Bytes server = ca::encode_purposes({ca::oid::kServerAuth});
  for (const std::size_t tier : {0U, 1U, 2U}) {
    INFO(tier);
    ThreeTiers tiers;
    auto& extensions = tiers.all()[tier]->extensions;
    extensions.push_back({ca::oid::kExtendedKeyUsage, false, server});
    tiers.import();
    refused([&] { (void)tiers.waiting.issue(); }, Code::purpose_not_permitted,
            "clientAuth is not permitted: the certificate authority's certificate, or one above it, is for "
            "serverAuth only");
    CHECK(tiers.world.store->counts().pending == 0);
    CHECK_NOTHROW(tiers.waiting.issue({}, "EndEntityServerAuthCertificate"));
    CHECK_NOTHROW(tiers.waiting.issue({}, "SubordinateCACertificate_PathLen0"));  // it has no purposes
    refused([&] { (void)tiers.waiting.issue({}, "CodeSigningCertificate"); }, Code::purpose_not_permitted,
            "codeSigning");

    extensions.back().value = ca::encode_purposes({ca::oid::kServerAuth, ca::oid::kAnyExtendedKeyUsage});
    tiers.import();
    CHECK_NOTHROW(tiers.waiting.issue());
  }
}

TEST_CASE("issue: purposes nest in those of every certificate above, not of one", "[authority][I11]") {
  ThreeTiers tiers;
  tiers.own.extensions.push_back(
      {ca::oid::kExtendedKeyUsage, false, ca::encode_purposes({ca::oid::kServerAuth, ca::oid::kClientAuth})});
  tiers.root.extensions.push_back({ca::oid::kExtendedKeyUsage, false,
                                   ca::encode_purposes({ca::oid::kClientAuth, ca::oid::kCodeSigning})});
  tiers.import();
  for (const char* refused_template :
       {"EndEntityCertificate", "EndEntityServerAuthCertificate", "CodeSigningCertificate"}) {
    INFO(refused_template);
    refused([&] { (void)tiers.waiting.issue({}, refused_template); }, Code::purpose_not_permitted,
            "is not permitted");
  }
  CHECK_NOTHROW(tiers.waiting.issue({}, "EndEntityClientAuthCertificate"));
}

TEST_CASE("issue: the path length is the shortest that is left above", "[authority][I11]") {
  struct Row {
    std::optional<std::uint8_t> own, above, root;
    int left;  // authorities below this one; 9 = as many as one likes
  };
  for (const Row& row :
       {Row{{}, {}, {}, 9}, Row{0, {}, {}, 0}, Row{2, {}, {}, 2}, Row{{}, 1, {}, 0}, Row{{}, 3, {}, 2},
        Row{{}, {}, 2, 0}, Row{{}, {}, 4, 2}, Row{3, 2, {}, 1}, Row{3, 4, 3, 1}, Row{1, 9, 9, 1}}) {
    ThreeTiers tiers;
    const std::array lengths{row.own, row.above, row.root};
    for (std::size_t tier = 0; tier < lengths.size(); ++tier) {
      if (lengths[tier]) {
        test::set_path_length(*tiers.all()[tier], *lengths[tier]);
      }
    }
    tiers.import();
    for (int length = 0; length <= 3; ++length) {
      INFO("left " << row.left << ", asked " << length);
      const auto issue = [&] {
        (void)tiers.waiting.issue({}, "SubordinateCACertificate_PathLen" + std::to_string(length));
      };
      if (length < row.left) {
        CHECK_NOTHROW(issue());
      } else {
        refused(issue, Code::path_length_exceeded, "path length");
      }
    }
    CHECK_NOTHROW(tiers.waiting.issue());
  }
}

TEST_CASE("issue: no certificate outlives any certificate above it", "[authority][I10]") {
  for (const std::size_t tier : {0U, 1U, 2U}) {
    INFO(tier);
    ThreeTiers tiers;
    const auto end = tiers.waiting.outside.now + hours{24 * 30};
    tiers.all()[tier]->validity.not_after = end;
    tiers.import();
    auto order = tiers.world.order(tiers.waiting.arn, test::make_csr());
    order.validity = {.value = end.time_since_epoch().count() + 1,
                      .type = ca::ValidityRequest::Type::absolute};
    refused([&] { (void)tiers.world.service->issue(World::caller(), order); }, Code::validity_beyond_issuer,
            "exceeds");
    --order.validity.value;
    CHECK_NOTHROW(tiers.world.service->issue(World::caller(), order));
  }
}

TEST_CASE("issue: nothing is issued before every certificate above is valid", "[authority][I10]") {
  for (const std::size_t tier : {0U, 1U, 2U}) {
    INFO(tier);
    ThreeTiers tiers;
    const auto begin = tiers.waiting.outside.now + hours{1};
    tiers.all()[tier]->validity.not_before = begin;
    tiers.import();
    refused([&] { (void)tiers.waiting.issue(); }, Code::invalid_state,
            "not valid before 2026-11-24T13:00:00Z");
    tiers.world.service->replace_profiles({tiers.world.profile(tiers.waiting.arn)});
    ca::ProvisioningOrder device;
    device.device_id = "device-7";
    device.csr_pem = test::make_csr();
    refused([&] { (void)tiers.world.service->provision(World::caller(), device); }, Code::invalid_state,
            "not valid before");

    tiers.world.clock.advance(hours{1});
    const auto row = tiers.world.store->certificate(tiers.waiting.arn, tiers.waiting.issue().serial).value();
    CHECK(row.validity.not_before == begin);
  }
}

TEST_CASE("issue: a notBefore before the issuer's is refused and one that nobody asked for is not",
          "[authority][I10]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr(), "CodeSigningCertificate");
  order.not_before = ca::ValidityRequest{.value = 0, .type = ca::ValidityRequest::Type::absolute};
  refused([&] { (void)world.service->issue(World::caller(), order); }, Code::validity_beyond_issuer,
          "begins before");
  const auto begin = world.service->describe(World::caller(), root).validity->not_before;
  order.not_before->value = begin.time_since_epoch().count();
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
  order.not_before.reset();
  CHECK_NOTHROW(world.service->issue(World::caller(), order));
}

TEST_CASE("resume: a row that was accepted under the older certificate begins before the new one",
          "[authority][I10][I19]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  auto renewal = world.order(root, world.service->csr(World::caller(), root), "RootCACertificate");
  const auto later = ca::to_seconds(world.clock.now()) + std::chrono::minutes{5};
  renewal.not_before = ca::ValidityRequest{.value = later.time_since_epoch().count(),
                                           .type = ca::ValidityRequest::Type::absolute};
  renewal.validity.value = 365;
  const auto renewed =
      world.service->certificate(World::caller(), root, world.service->issue(World::caller(), renewal));
  world.signer.set_away(true);
  const auto accepted = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  world.clock.advance(std::chrono::minutes{10});
  world.service->import_certificate(World::caller(), {root, renewed.certificate, std::nullopt});
  world.signer.set_away(false);

  REQUIRE(World::eventually([&] { return world.store->counts().pending == 0; }));
  CHECK(world.state_of(accepted) == ca::CertificateState::issued);
}
