// Places that certificates were given: no CRL goes stale at one of them while such a certificate lives.
#include "ca/storage/directory_bucket.hpp"
#include "tests/integration/authority/crls.hpp"

using test::behind;
using test::check_signed;
using test::configure;
using test::issue;
using test::Leaf;
using test::revoke;
using test::when_it_lists;
using test::with_crl;
using test::World;
using namespace std::chrono_literals;

namespace {

// World has the bucket "reports".
void add_bucket(World& world, const std::string& name) {
  std::filesystem::create_directory(world.folder / name);
  world.options.buckets.push_back(std::make_shared<ca::DirectoryBucket>(
      ca::DirectoryBucketOptions{.name = name, .directory = world.folder / name}));
  world.restart();
}

void check_stands(World& world, const ca::PublishedCrl& crl, const std::string& bucket,
                  const std::string& key) {
  INFO(bucket << " " << key);
  auto* place = ca::find_bucket(world.options.buckets, bucket);
  CHECK(World::eventually([&] { return place->get(key, 1 << 20) == *crl.der; }));
}

std::string path_of(const std::string& uri) { return uri.substr(uri.find('/', 7) + 1); }

// Beyond half of the life of with_crl()'s.
constexpr auto kHalfLife = 24h * 7 / 2 + 1min;

}  // namespace

TEST_CASE("crl: wherever CustomPath has led certificates, the last CRL stands there",
          "[authority][I7][I19]") {
  World world;
  const auto root = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "reports";
  std::vector<Leaf> leaves;
  for (const char* path : {"first", "second/folder", "third"}) {
    wanted.crl.custom_path = path;
    configure(world, root, wanted);
    leaves.push_back(issue(world, root));
    CHECK(leaves.back().crl_uri ==
          "http://status.example.test/" + std::string{path} + "/" + root.id + ".crl");
  }
  world.restart();
  revoke(world, leaves.front());
  const auto crl = when_it_lists(world, root.id, {leaves.front()});
  for (const Leaf& leaf : leaves) {
    check_stands(world, *crl, "reports", path_of(leaf.crl_uri));
  }
}

TEST_CASE("crl: a bucket that was changed goes on getting the CRLs that certificates look for in it",
          "[authority][I7][I19]") {
  const auto type = GENERATE(ca::CrlType::complete, ca::CrlType::partitioned);
  World world;
  add_bucket(world, "second");
  const auto root = world.active_root();
  auto wanted = with_crl(type);
  wanted.crl.bucket = "reports";
  configure(world, root, wanted);
  const auto early = issue(world, root);
  wanted.crl.bucket = "second";
  configure(world, root, wanted);
  const auto late = issue(world, root);
  CHECK(late.crl_uri == early.crl_uri);
  // Away from before the revocation until after a crash.
  std::filesystem::rename(world.folder / "reports", world.folder / "away");
  revoke(world, early);
  const std::string name = world.store->crls(root).front().name;
  check_stands(world, *when_it_lists(world, name, {early}), "second", path_of(early.crl_uri));
  REQUIRE(World::eventually([&] { return world.noticed("is not in the bucket reports"); }));
  world.restart();
  std::filesystem::rename(world.folder / "away", world.folder / "reports");
  const auto crl = when_it_lists(world, name, {early});
  check_stands(world, *crl, "reports", path_of(early.crl_uri));
  check_stands(world, *crl, "second", path_of(early.crl_uri));
}

TEST_CASE("crl: partitions that name another host go on in their own bucket", "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  auto wanted = with_crl(ca::CrlType::partitioned);
  wanted.crl.bucket = "reports";
  wanted.crl.custom_cname = "one.example.test";
  configure(world, root, wanted);
  const auto early = issue(world, root);
  wanted.crl.custom_cname = "two.example.test";
  wanted.crl.bucket.reset();
  configure(world, root, wanted);
  const auto late = issue(world, root);
  CHECK(late.crl_uri != early.crl_uri);
  revoke(world, early);
  const auto crl = when_it_lists(world, world.store->crls(root).front().name, {early});
  CHECK(ca::CertificateList::parse(*crl->der).distribution_point_uris == std::vector{early.crl_uri});
  check_stands(world, *crl, "reports", path_of(early.crl_uri));
}

TEST_CASE("crl: one that is switched off goes on until the last certificate that names it has ended",
          "[authority][I7][I19]") {
  const auto type = GENERATE(ca::CrlType::complete, ca::CrlType::partitioned);
  World world;
  const auto root = world.active_root();
  auto wanted = with_crl(type);
  wanted.crl.bucket = "reports";
  configure(world, root, wanted);
  const std::vector<Leaf> leaves{issue(world, root, 3), issue(world, root, 6)};
  configure(world, root, {});
  CHECK(issue(world, root).crl_uri.empty());
  const std::string name = world.store->crls(root).front().name;
  revoke(world, leaves.front());
  auto crl = when_it_lists(world, name, {leaves.front()});
  check_stands(world, *crl, "reports", path_of(leaves.front().crl_uri));
  for (int i = 0; i < 2; ++i) {
    world.clock.advance(kHalfLife);
    world.restart();
    const auto next = behind(world, name, crl->number);
    CHECK(next->next_update == ca::to_seconds(next->issued_at) + 7 * 24h);
    check_signed(world, *next);
    check_stands(world, *next, "reports", path_of(leaves.front().crl_uri));
    crl = next;
  }
  // That one came after the end of all.
  REQUIRE(World::eventually([&] { return world.service->crl_status().empty(); }));
  const auto intents = world.events("crl.signing");
  world.clock.advance(kHalfLife);
  world.restart();
  const auto other = world.active_root("Other");
  configure(world, other, with_crl());
  (void)when_it_lists(world, other.id, {});
  CHECK(world.events("crl.signing") == intents + 1);
}

TEST_CASE("crl: a place is durable with the certificate that names it, whatever the caller was told",
          "[authority][I7][I19]") {
  World world;
  const auto root = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "reports";
  configure(world, root, wanted);
  const auto leaf = issue(world, root);
  wanted.crl.custom_path = "short";
  configure(world, root, wanted);
  world.ledger.fail_next<ca::InsertPending>(test::FaultyLedger::Fault::after);
  CHECK(World::code_of([&] { (void)issue(world, root); }) == ca::Code::unavailable);
  wanted.crl.custom_path = "last";
  configure(world, root, wanted);
  world.restart();
  revoke(world, leaf);
  const auto crl = when_it_lists(world, root.id, {leaf});
  for (const char* folder : {"crl", "short", "last"}) {
    check_stands(world, *crl, "reports", std::string{folder} + "/" + root.id + ".crl");
  }
}

TEST_CASE("crl: a bucket that certificates name and the daemon has no more is told, and counts as behind",
          "[authority][I7]") {
  World world;
  add_bucket(world, "second");
  const auto root = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "second";
  configure(world, root, wanted);
  (void)issue(world, root);
  wanted.crl.bucket = "reports";
  configure(world, root, wanted);
  world.options.buckets.pop_back();
  world.restart();
  REQUIRE(World::eventually([&] { return world.noticed("is not in the configuration any more"); }));
  REQUIRE(World::eventually([&] {
    const auto status = world.service->crl_status();
    return status.size() == 1 && status.front().places.size() == 2 && status.front().places[0].number > 0;
  }));
  const auto place = world.service->crl_status().front().places[1];
  CHECK(place.bucket == "second");
  CHECK(place.number == 0);
}

TEST_CASE("crl: a request that is refused takes no place of a partition", "[authority]") {
  World world;
  world.options.revocation.partition_size = 3;
  world.options.max_pending = 1;
  world.restart();
  const auto root = world.active_root();
  configure(world, root, with_crl(ca::CrlType::partitioned));
  const auto first = issue(world, root);
  world.signer.set_away(true);
  const auto order = world.order(root, test::make_csr());
  const auto second = world.service->issue(World::caller(), order);
  for (int i = 0; i < 3; ++i) {
    CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) == ca::Code::throttled);
  }
  world.signer.set_away(false);
  REQUIRE(World::eventually([&] { return world.state_of(second) == ca::CertificateState::issued; }));
  CHECK(issue(world, root).crl_uri == first.crl_uri);
  CHECK(world.store->crls(root).size() == 1);
  CHECK(world.store->crls(root).front().certificates == 3);
  CHECK(issue(world, root).crl_uri != first.crl_uri);
}
