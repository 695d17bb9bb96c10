#include "ca/base/error.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;

namespace {

const ca::Caller kGuest = World::caller("admin", "999999999999");

std::string statement(const std::string& actions, const std::string& extra = "") {
  return R"({"Sid":"1","Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":)" + actions +
         R"(,"Resource":"*")" + extra + "}";
}

std::string document(const std::string& statements) {
  return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}";
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::access_denied);
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace

TEST_CASE("sharing: an authority that is not shared is the same as none", "[authority][I15]") {
  World world;
  const auto root = world.active_root();
  const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  auto absent = root;
  absent.id = ca::random_uuid();
  const auto same = [&](const std::function<void(const ca::AuthorityArn&)>& call) {
    std::string there = message_of([&] { call(root); });
    std::string nowhere = message_of([&] { call(absent); });
    CHECK_THAT(there, Contains("because no resource-based policy allows the acm-pca:"));
    there.replace(there.find(root.id), root.id.size(), "ID");
    nowhere.replace(nowhere.find(absent.id), absent.id.size(), "ID");
    CHECK(there == nowhere);
  };
  same([&](const auto& ca) { (void)world.service->describe(kGuest, ca); });
  same([&](const auto& ca) { (void)world.service->issue(kGuest, world.order(ca, test::make_csr())); });
  same([&](const auto& ca) { (void)world.service->certificate(kGuest, ca, {ca, arn.serial}); });
  same([&](const auto& ca) { (void)world.service->csr(kGuest, ca); });
  same([&](const auto& ca) { (void)world.service->authority_certificate(kGuest, ca); });
  same([&](const auto& ca) { (void)world.service->tags(kGuest, ca); });
  same([&](const auto& ca) { (void)world.service->resource_policy(kGuest, ca); });
  same(
      [&](const auto& ca) { world.service->put_resource_policy(kGuest, ca, document(statement(R"("*")"))); });
  same([&](const auto& ca) { world.service->update(kGuest, ca, {.status = ca::AuthorityStatus::disabled}); });
  same([&](const auto& ca) {
    world.service->revoke(kGuest, ca, arn.serial.hex(), ca::RevocationReason::unspecified);
  });
  same([&](const auto& ca) { world.service->remove(kGuest, ca, 7); });
  CHECK(world.service->list(kGuest, 100, "").authorities.empty());
  CHECK(world.service->list_shared(kGuest, 100, "").authorities.empty());
}

TEST_CASE("sharing: the owner's policy lets another account in as far as it says", "[authority][I11][I15]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Not shared");
  const std::string policy =
      document(statement(R"(["acm-pca:DescribeCertificateAuthority","acm-pca:GetCertificate"])") + "," +
               statement(R"("acm-pca:IssueCertificate")",
                         R"(,"Condition":{"StringEquals":{"acm-pca:TemplateArn":)"
                         R"("arn:aws:acm-pca:::template/EndEntityCertificate/V1"}})"));
  world.service->put_resource_policy(World::caller(), root, policy);
  CHECK(world.service->resource_policy(World::caller(), root) == policy);
  world.restart();

  const auto arn = world.service->issue(kGuest, world.order(root, test::make_csr()));
  CHECK_NOTHROW(world.service->certificate(kGuest, root, arn));
  CHECK(world.store->certificate(root, arn.serial)->account == "999999999999");
  CHECK(world.service->describe(kGuest, root).arn == root);
  (void)message_of([&] {
    (void)world.service->issue(kGuest,
                               world.order(root, test::make_csr(), "SubordinateCACertificate_PathLen0"));
  });
  (void)message_of([&] { (void)world.service->tags(kGuest, root); });
  (void)message_of([&] { (void)world.service->describe(kGuest, other); });

  const auto shared = world.service->list_shared(kGuest, 100, "").authorities;
  REQUIRE(shared.size() == 1);
  CHECK(shared[0].arn == root);
  CHECK(world.service->list_shared(World::caller(), 100, "").authorities.empty());

  world.service->delete_resource_policy(World::caller(), root);
  CHECK_NOTHROW(world.service->delete_resource_policy(World::caller(), root));
  CHECK(World::code_of([&] { (void)world.service->resource_policy(World::caller(), root); }) ==
        ca::Code::resource_not_found);
  (void)message_of([&] { (void)world.service->describe(kGuest, root); });
}

TEST_CASE("sharing: a policy may deny its owner's principals but not lock its author out",
          "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  const auto deny = [](const std::string& actions) {
    return document(R"({"Effect":"Deny","Principal":"*","Action":)" + actions + R"(,"Resource":"*"})");
  };
  CHECK(World::code_of([&] { world.service->put_resource_policy(World::caller(), root, deny(R"("*")")); }) ==
        ca::Code::lockout_prevented);
  CHECK(World::code_of([&] {
          world.service->put_resource_policy(World::caller(), root, deny(R"("acm-pca:Delete*")"));
        }) == ca::Code::lockout_prevented);
  world.service->put_resource_policy(World::caller(), root, deny(R"("acm-pca:IssueCertificate")"));
  CHECK_THAT(
      message_of([&] { (void)world.service->issue(World::caller(), world.order(root, test::make_csr())); }),
      Contains("with an explicit deny in a resource-based policy"));
  CHECK(World::code_of([&] { world.service->put_resource_policy(World::caller(), root, "{}"); }) ==
        ca::Code::invalid_policy);
}

TEST_CASE("access: tags of an authority and of a request decide", "[authority][I11]") {
  World world;
  world.policy->replace({{"admin",
                          "123456789012",
                          "arn:aws:iam::123456789012:user/admin",
                          {ca::PolicyDocument::parse("tags.json", document(R"(
    {"Effect":"Allow","Action":"*","Resource":"*"},
    {"Effect":"Deny","Action":"acm-pca:IssueCertificate","Resource":"*",
     "Condition":{"StringEquals":{"aws:ResourceTag/stage":"frozen"}}},
    {"Effect":"Deny","Action":"acm-pca:TagCertificateAuthority","Resource":"*",
     "Condition":{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["stage"]}}},
    {"Effect":"Deny","Action":"acm-pca:CreateCertificateAuthority","Resource":"*",
     "Condition":{"StringEquals":{"aws:RequestTag/stage":"production"}}})"))}}});
  const auto root = world.active_root();
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(root, test::make_csr())));
  world.service->tag(World::caller(), root, {{"stage", "frozen"}});
  (void)message_of([&] { (void)world.service->issue(World::caller(), world.order(root, test::make_csr())); });
  (void)message_of([&] { world.service->tag(World::caller(), root, {{"stage", "x"}, {"other", "y"}}); });
  ca::CreateAuthorityOrder order;
  ca::SubjectFields subject;
  subject.common_name = "Tagged";
  order.subject = ca::encode_subject(subject);
  order.tags = {{"stage", "production"}};
  (void)message_of([&] { (void)world.service->create(World::caller(), order); });
}

TEST_CASE("sharing: a stored policy that cannot be read denies, and can be replaced",
          "[authority][I11][I19]") {
  World world;
  const auto root = world.active_root();
  world.service->put_resource_policy(World::caller(), root,
                                     document(statement(R"("acm-pca:IssueCertificate")")));
  auto record = world.store->authority(root).value();
  record.policy_json = document(statement(R"("acm-pca:NoSuchOperation")"));
  REQUIRE(ca::committed(*world.store, {ca::UpdateAuthority{record},
                                       {ca::AuditEvent{.type = "authority.updated", .outcome = "ok"}}})
              .outcome == ca::CommitResult::Outcome::applied);
  world.restart();
  for (const auto& caller : {World::caller(), kGuest}) {
    const auto reason =
        message_of([&] { (void)world.service->issue(caller, world.order(root, test::make_csr())); });
    CHECK_THAT(reason, Contains("explicit deny in a resource-based policy"));
  }
  CHECK_NOTHROW(world.service->describe(World::caller(), root));
  world.service->put_resource_policy(World::caller(), root,
                                     document(statement(R"("acm-pca:IssueCertificate")")));
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(root, test::make_csr())));
}
