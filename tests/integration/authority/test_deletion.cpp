#include "ca/base/error.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;
using Status = ca::AuthorityStatus;

namespace {

Status status_of(World& world, const ca::AuthorityArn& arn) {
  return world.service->describe(World::caller(), arn).status;
}

ca::AuthorityArn disabled_root(World& world) {
  const auto root = world.active_root();
  world.service->update(World::caller(), root, {.status = Status::disabled});
  return root;
}

}  // namespace

TEST_CASE("delete: an active authority must be disabled first", "[authority]") {
  World world;
  const auto root = world.active_root();
  CHECK(World::code_of([&] { world.service->remove(World::caller(), root, 30); }) == ca::Code::invalid_state);
  CHECK(status_of(world, root) == Status::active);
}

TEST_CASE("delete: a deleted authority can be restored to what it was", "[authority]") {
  World world;
  const auto root = disabled_root(world);
  const auto pending = world.create(ca::AuthorityType::root, "Pending");
  world.service->remove(World::caller(), root, 7);
  world.service->remove(World::caller(), pending, 30);

  const auto record = world.service->describe(World::caller(), root);
  CHECK(record.status == Status::deleted);
  CHECK(record.restorable_until == world.clock.now() + std::chrono::hours{24 * 7});
  CHECK(World::code_of([&] { world.service->remove(World::caller(), root, 7); }) == ca::Code::invalid_state);
  CHECK(world.service->list(World::caller(), 100, "").authorities.size() == 2);

  world.restart();
  world.service->restore(World::caller(), root);
  world.service->restore(World::caller(), pending);
  CHECK(status_of(world, root) == Status::disabled);
  CHECK(status_of(world, pending) == Status::pending_certificate);
  CHECK_FALSE(world.service->describe(World::caller(), root).restorable_until);
  CHECK(World::code_of([&] { world.service->restore(World::caller(), root); }) == ca::Code::invalid_state);
  world.service->update(World::caller(), root, {.status = Status::active});
  CHECK_NOTHROW(world.service->issue(World::caller(), world.order(root, test::make_csr())));
}

TEST_CASE("delete: an authority whose certificate ended meanwhile is restored as expired",
          "[authority][I10]") {
  World world;
  const auto root = disabled_root(world);
  world.service->remove(World::caller(), root, 30);
  world.clock.advance(std::chrono::hours{24 * 29});
  world.service->restore(World::caller(), root);
  world.clock.advance(std::chrono::hours{24 * 4000});
  CHECK(status_of(world, root) == Status::expired);
}

TEST_CASE("delete: after its window an authority has never been", "[authority][I15]") {
  World world;
  world.options.max_authorities = 1;
  world.restart();
  const auto root = disabled_root(world);
  world.service->remove(World::caller(), root, 7);
  CHECK(World::code_of([&] { (void)world.create(ca::AuthorityType::root, "Second"); }) ==
        ca::Code::limit_exceeded);
  world.clock.advance(std::chrono::hours{24 * 7} - std::chrono::seconds{1});
  CHECK(status_of(world, root) == Status::deleted);
  world.clock.advance(std::chrono::seconds{1});
  CHECK(World::code_of([&] { (void)status_of(world, root); }) == ca::Code::resource_not_found);
  CHECK(World::code_of([&] { world.service->restore(World::caller(), root); }) ==
        ca::Code::resource_not_found);
  CHECK(world.service->list(World::caller(), 100, "").authorities.empty());
  CHECK_NOTHROW(world.create(ca::AuthorityType::root, "Second"));
}

TEST_CASE("delete: an authority that never had a key is gone at once", "[authority]") {
  World world;
  world.options.create_wait = std::chrono::milliseconds{1};
  world.restart();
  world.signer.set_away(true);
  const auto creating = world.create(ca::AuthorityType::root, "Creating");
  world.service->remove(World::caller(), creating, 30);
  CHECK(World::code_of([&] { (void)status_of(world, creating); }) == ca::Code::resource_not_found);
}

TEST_CASE("delete: a deleted authority does nothing but wait", "[authority]") {
  World world;
  const auto root = world.active_root();
  world.service->replace_profiles({world.profile(root)});
  const auto device = world.service->provision(
      World::caller(), {.device_id = "SN-1", .csr_pem = test::make_csr({.common_name = "SN-1"})});
  world.service->update(World::caller(), root, {.status = Status::disabled});
  world.service->remove(World::caller(), root, 30);
  const auto invalid = [&](const std::function<void()>& call) {
    CHECK(World::code_of(call) == ca::Code::invalid_state);
  };
  const auto who = World::caller();
  invalid([&] { (void)world.service->issue(who, world.order(root, test::make_csr())); });
  invalid([&] { (void)world.service->certificate(who, root, device.record.arn()); });
  invalid([&] { (void)world.service->csr(who, root); });
  invalid([&] { (void)world.service->authority_certificate(who, root); });
  invalid([&] { world.service->update(who, root, {.status = Status::active}); });
  invalid([&] { world.service->revoke(who, root, "01", ca::RevocationReason::superseded); });
  invalid([&] { world.service->import_certificate(who, {root, "x", std::nullopt}); });
  invalid([&] { world.service->tag(who, root, {{"a", "b"}}); });
  invalid([&] { world.service->untag(who, root, {{"a", std::nullopt}}); });
  invalid([&] { (void)world.service->tags(who, root); });
  invalid([&] { (void)world.service->permissions(who, root); });
  CHECK_FALSE(world.service->device_of(device.record.der));
  CHECK_THROWS_WITH(world.service->permissions(who, root),
                    "The certificate authority is in the DELETED state");
}

TEST_CASE("delete: what waited for the token of a deleted authority fails", "[authority][I19]") {
  World world;
  const auto root = world.active_root();
  world.signer.set_away(true);
  const auto arn = world.service->issue(World::caller(), world.order(root, test::make_csr()));
  world.service->update(World::caller(), root, {.status = Status::disabled});
  world.service->remove(World::caller(), root, 30);
  world.signer.set_away(false);
  REQUIRE(World::eventually([&] { return world.state_of(arn) == ca::CertificateState::failed; }));
}

TEST_CASE("list: pages hold as many as were asked for, whatever is gone between them", "[authority]") {
  World world;
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const auto arn = world.create(ca::AuthorityType::root, "Root " + std::to_string(i));
    if (i % 3 == 0) {
      world.service->remove(World::caller(), arn, 7);
    } else {
      expected.push_back(arn.id);
    }
    world.clock.advance(std::chrono::milliseconds{1});
  }
  world.clock.advance(std::chrono::hours{24 * 7});
  std::vector<std::string> seen;
  std::string token;
  do {
    const auto page = world.service->list(World::caller(), 2, token);
    CHECK(page.authorities.size() == 2);
    for (const auto& record : page.authorities) {
      seen.push_back(record.arn.id);
    }
    token = page.next_token;
  } while (!token.empty());
  CHECK(seen == expected);
}

TEST_CASE("tags: they are set, changed and removed as they are named", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto who = World::caller();
  world.service->tag(who, root, {{"team", "pki"}, {"stage", "test"}});
  world.service->tag(who, root, {{"stage", "production"}});
  CHECK(world.service->tags(who, root) == std::vector<ca::Tag>{{"team", "pki"}, {"stage", "production"}});
  world.service->untag(who, root, {{"stage", "test"}});
  CHECK(world.service->tags(who, root).size() == 2);
  world.service->untag(who, root, {{"stage", "production"}, {"absent", std::nullopt}});
  world.restart();
  CHECK(world.service->tags(who, root) == std::vector<ca::Tag>{{"team", "pki"}});
  world.service->untag(who, root, {{"team", std::nullopt}});
  CHECK(world.service->tags(who, root).empty());
}

TEST_CASE("tags: reserved keys, repeated keys and more than fifty are refused", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto refused = [&](const std::vector<ca::Tag>& tags) {
    return World::code_of([&] { world.service->tag(World::caller(), root, tags); });
  };
  CHECK(refused({{"aws:x", ""}}) == ca::Code::invalid_tag);
  CHECK(refused({{"a", ""}, {"a", "b"}}) == ca::Code::invalid_tag);
  std::vector<ca::Tag> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back({"k" + std::to_string(i), ""});
  }
  world.service->tag(World::caller(), root, many);
  CHECK(refused({{"one more", ""}}) == ca::Code::too_many_tags);
  CHECK_NOTHROW(world.service->tag(World::caller(), root, {{"k7", "changed"}}));
  ca::CreateAuthorityOrder order;
  ca::SubjectFields subject;
  subject.common_name = "Tagged";
  order.subject = ca::encode_subject(subject);
  order.tags = {{"aws:x", ""}};
  CHECK(World::code_of([&] { (void)world.service->create(World::caller(), order); }) ==
        ca::Code::invalid_tag);
}

TEST_CASE("permissions: one for each principal and source account", "[authority]") {
  World world;
  const auto root = world.active_root();
  const auto who = World::caller();
  const ca::Permission acm{
      .principal = "acm.amazonaws.com", .source_account = "", .actions = {"IssueCertificate"}};
  world.service->create_permission(who, root, acm);
  CHECK(World::code_of([&] { world.service->create_permission(who, root, acm); }) ==
        ca::Code::permission_already_exists);
  auto other = acm;
  other.source_account = "999999999999";
  world.service->create_permission(who, root, other);
  world.restart();
  const auto permissions = world.service->permissions(who, root);
  REQUIRE(permissions.size() == 2);
  CHECK(permissions[0].source_account == "123456789012");
  CHECK(permissions[0].actions == std::vector<std::string>{"IssueCertificate"});
  CHECK(permissions[0].created_at_ms == world.clock.now().time_since_epoch().count());
  world.service->delete_permission(who, root, "acm.amazonaws.com", "");
  CHECK(world.service->permissions(who, root).size() == 1);
  CHECK(World::code_of([&] { world.service->delete_permission(who, root, "acm.amazonaws.com", ""); }) ==
        ca::Code::resource_not_found);
  other.principal = "evil.example";
  CHECK(World::code_of([&] { world.service->create_permission(who, root, other); }) ==
        ca::Code::constraint_violation);
}
