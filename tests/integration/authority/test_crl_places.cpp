// Where CRLs are put and what certificates say about it; troubles of one place or key.
#include <atomic>

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

TEST_CASE("crl: what is published in a bucket is read back, and a larger number there is left",
          "[authority][I8]") {
  World world;
  const auto root = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "reports";
  wanted.crl.custom_path = "pki/lists";
  configure(world, root, wanted);
  const auto leaf = issue(world, root);
  CHECK(leaf.crl_uri == "http://status.example.test/pki/lists/" + root.id + ".crl");
  const auto stands_there = [&] {
    return world.options.buckets.front()->get("pki/lists/" + root.id + ".crl", 1 << 20).value_or(ca::Bytes{});
  };
  const auto first = when_it_lists(world, root.id, {});
  REQUIRE(World::eventually([&] { return stands_there() == *first->der; }));
  // While the folder is away the CRL is made, and it is there when the folder is.
  std::filesystem::rename(world.folder / "reports", world.folder / "away");
  revoke(world, leaf);
  const auto second = when_it_lists(world, root.id, {leaf});
  REQUIRE(World::eventually([&] { return world.noticed("is not in the bucket reports"); }));
  std::filesystem::rename(world.folder / "away", world.folder / "reports");
  REQUIRE(World::eventually([&] { return stands_there() == *second->der; }));
  CHECK(World::eventually([&] {
    const auto status = world.service->crl_status();
    return status.size() == 1 && status.front().places.size() == 1 &&
           status.front().places.front().number == second->number;
  }));
}

namespace {

// The contents of the extension as text, for what stands in it as IA5String; empty: not there.
std::string extension_text(World& world, const ca::CertificateArn& arn, const char* id) {
  const auto record = world.store->certificate(arn.authority, arn.serial).value();
  const auto certificate = ca::Certificate::parse(record.der);
  const auto* extension = certificate.find(id);
  return extension == nullptr ? "" : ca::text_of(extension->value);
}

}  // namespace

TEST_CASE("pointers: certificates say where OCSP and their issuer are exactly as configured", "[authority]") {
  World world;
  world.options.revocation.ca_issuers = true;
  world.restart();
  const auto root = world.active_root();
  const std::string issuer_url = "http://status.example.test/ca/" + root.id + ".cer";
  auto access = extension_text(world, issue(world, root).arn, ca::oid::kAuthorityInfoAccess);
  CHECK(access.find(issuer_url) != std::string::npos);
  CHECK(access.find("ocsp") == std::string::npos);
  ca::RevocationConfiguration wanted;
  wanted.ocsp.enabled = true;
  configure(world, root, wanted);
  access = extension_text(world, issue(world, root).arn, ca::oid::kAuthorityInfoAccess);
  CHECK(access.find("http://status.example.test/ocsp") != std::string::npos);
  wanted.ocsp.custom_cname = "ocsp.example.test";
  configure(world, root, wanted);
  access = extension_text(world, issue(world, root).arn, ca::oid::kAuthorityInfoAccess);
  CHECK(access.find("http://ocsp.example.test") != std::string::npos);
  CHECK(access.find("/ocsp\x30") == std::string::npos);
  world.options.revocation.ca_issuers = false;
  world.restart();
  configure(world, root, {});
  CHECK(extension_text(world, issue(world, root).arn, ca::oid::kAuthorityInfoAccess).empty());
}

TEST_CASE(
    "pointers: noRevAvail is for leaves of short-lived authorities that have no CRL and no OCSP, when wanted",
    "[authority]") {
  World world;
  const std::string null{0x05, 0x00};
  const auto brief = world.active_root("Brief", "SHORT_LIVED_CERTIFICATE");
  CHECK(extension_text(world, issue(world, brief, 5).arn, ca::oid::kNoRevAvail).empty());
  world.options.revocation.no_rev_avail = true;
  world.restart();
  const auto general = world.active_root("General");
  CHECK(extension_text(world, issue(world, brief, 5).arn, ca::oid::kNoRevAvail) == null);
  CHECK(extension_text(world, issue(world, general).arn, ca::oid::kNoRevAvail).empty());
  const auto below = world.active_subordinate(general, "Below", 0);
  CHECK(ca::Certificate::parse(world.store->authority(below).value().certificate_der)
            .find(ca::oid::kNoRevAvail) == nullptr);
  configure(world, brief, with_crl());
  CHECK(extension_text(world, issue(world, brief, 5).arn, ca::oid::kNoRevAvail).empty());
}

TEST_CASE("pointers: nobody chooses noRevAvail for a certificate", "[authority][I11]") {
  World world;
  const auto root = world.active_root();
  auto order = world.order(root, test::make_csr(), "BlankEndEntityCertificate_APIPassthrough");
  order.api.extensions.push_back({ca::oid::kNoRevAvail, false, {0x05, 0x00}});
  CHECK(World::code_of([&] { (void)world.service->issue(World::caller(), order); }) ==
        ca::Code::invalid_args);
}

TEST_CASE("crl: without its folder a CRL is made and served all the same, and the operator is told",
          "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root);
  (void)when_it_lists(world, root.id, {});
  std::filesystem::remove_all(world.folder / "crls");
  revoke(world, leaf);
  check_signed(world, *when_it_lists(world, root.id, {leaf}));
  CHECK(World::eventually([&] { return world.noticed("a restart will have to make it again"); }));
  world.restart();
  check_signed(world, *when_it_lists(world, root.id, {leaf}));
}

TEST_CASE("crl: a large number in a bucket that the authority has not signed keeps nothing away",
          "[authority][I8]") {
  World world;
  const auto root = world.active_root();
  const auto other = world.active_root("Other");
  auto wanted = with_crl();
  configure(world, other, wanted);
  const auto early = issue(world, other);
  const auto late = issue(world, other);
  revoke(world, early);
  (void)when_it_lists(world, other.id, {early});
  revoke(world, late);
  const auto foreign = when_it_lists(world, other.id, {early, late});
  wanted.crl.bucket = "reports";
  const std::string key = "crl/" + root.id + ".crl";
  auto& bucket = *world.options.buckets.front();
  bucket.put(key, *foreign->der, "application/pkix-crl");
  configure(world, root, wanted);
  const auto own = when_it_lists(world, root.id, {});
  REQUIRE(foreign->number > own->number);
  CHECK(World::eventually([&] { return bucket.get(key, 1 << 20) == *own->der; }));
}

namespace {

// A bucket that answers nothing, and counts who has tried.
class SilentBucket final : public ca::Bucket {
 public:
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::optional<std::string> url() const override { return std::nullopt; }
  [[nodiscard]] std::unique_ptr<Upload> begin(const std::string&, const std::string&) override { refuse(); }
  void put(const std::string&, ca::ByteView, const std::string&) override { refuse(); }
  [[nodiscard]] std::optional<ca::Bytes> get(const std::string&, std::size_t) override {
    ++tries;
    if (during_a_try) {
      during_a_try();
    }
    refuse();
  }
  std::atomic<int> tries{0};
  std::function<void()> during_a_try;  // set before the first

 private:
  [[noreturn]] static void refuse() { throw ca::Error{ca::Code::unavailable, "no answer in time"}; }
  const std::string name_ = "silent";
};

}  // namespace

TEST_CASE("crl: a bucket that does not answer is tried once in a turn, behind those that do",
          "[authority][I16]") {
  World world;
  const auto silent = std::make_shared<SilentBucket>();
  world.options.buckets.push_back(silent);
  world.options.revocation.partition_size = 1;
  const auto healthy = world.options.buckets.front();
  std::string key;
  enum class Stage { free, hold, held, released };
  std::atomic<Stage> stage{Stage::free};
  std::atomic<int> tries_when_there{-1};
  silent->during_a_try = [&] {
    if (auto hold = Stage::hold; stage.compare_exchange_strong(hold, Stage::held)) {
      stage.notify_all();
      stage.wait(Stage::held);
    } else if (stage == Stage::released && tries_when_there < 0 && healthy->get(key, 1 << 20)) {
      tries_when_there = silent->tries.load();
    }
  };
  world.restart();
  const auto troubled = world.active_root("Troubled");
  auto wanted = with_crl(ca::CrlType::partitioned);
  wanted.crl.bucket = "silent";
  configure(world, troubled, wanted);
  for (int i = 0; i < 6; ++i) {
    (void)issue(world, troubled);
  }
  REQUIRE(World::eventually([&] {
    const auto status = world.service->crl_status();
    return status.size() == 6 && silent->tries >= 2;
  }));
  // While a try is under way another authority gets its first CRL.
  stage = Stage::hold;
  stage.wait(Stage::hold);
  const auto root = world.active_root();
  key = "crl/" + root.id + ".crl";
  wanted = with_crl();
  wanted.crl.bucket = "reports";
  configure(world, root, wanted);
  REQUIRE(World::eventually([&] { return world.service->crl(root.id) != nullptr; }));
  const int before = silent->tries;
  stage = Stage::released;
  stage.notify_all();
  REQUIRE(World::eventually([&] { return tries_when_there >= 0; }));
  CHECK(tries_when_there == before + 1);  // the turn after the one that was under way, the healthy one first
}

TEST_CASE("crl: a key that is not usable takes no numbers, and the CRLs of others go on",
          "[authority][I14]") {
  World world;
  world.options.revocation.partition_size = 1;
  world.restart();
  const auto troubled = world.active_root("Troubled");
  const auto root = world.active_root();
  configure(world, troubled, with_crl(ca::CrlType::partitioned));
  configure(world, root, with_crl());
  const auto leaf = issue(world, root);
  std::vector<Leaf> leaves;
  for (int i = 0; i < 6; ++i) {
    leaves.push_back(issue(world, troubled));
  }
  (void)when_it_lists(world, root.id, {});
  world.signer.set_verdict(troubled.id, {ca::KeyVerdict::State::unusable, "it is weaker than it was made"});
  for (const Leaf& one : leaves) {
    revoke(world, one);
  }
  REQUIRE(World::eventually([&] { return world.noticed("it is weaker than it was made"); }));
  const auto intents = world.events("crl.signing");
  revoke(world, leaf);
  check_signed(world, *when_it_lists(world, root.id, {leaf}));
  CHECK(world.service->unlisted_revocations().at(troubled.text()) == leaves.size());
  CHECK(world.events("crl.signing") == intents + 1);
}

TEST_CASE("crls: a bucket that knows larger numbers than a restored ledger gets a larger one, once",
          "[authority][I8]") {
  World world;
  const auto arn = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "reports";
  configure(world, arn, wanted);
  const auto leaf = test::issue(world, arn);
  const auto first = test::behind(world, arn.id, 0);
  const auto published = [&]() -> std::optional<ca::CertificateList> {
    const auto der = ca::find_bucket(world.options.buckets, "reports")
                         ->get("crl/" + arn.id + ".crl", ca::CertificateList::kMaxDerBytes);
    return der ? std::optional{ca::CertificateList::parse(*der)} : std::nullopt;
  };
  REQUIRE(World::eventually([&] { return published() && published()->number == first->number; }));
  world.stop();
  const auto ledger = world.folder / "ledger.sqlite";
  std::filesystem::copy_file(ledger, world.folder / "backup.sqlite");
  world.restart();
  // The clock was ahead when a CRL was published that the backup does not know.
  world.clock.advance(24h * 300);
  test::revoke(world, leaf);
  const auto ahead = test::behind(world, arn.id, first->number);
  REQUIRE(World::eventually([&] { return published()->number == ahead->number; }));
  world.clock.advance(-24h * 300);
  world.stop();
  std::filesystem::remove(world.folder / "ledger.sqlite-wal");
  std::filesystem::remove(world.folder / "ledger.sqlite-shm");
  std::filesystem::copy_file(world.folder / "backup.sqlite", ledger,
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(world.folder / "crls" / (arn.id + ".crl"));
  world.restart();
  CHECK(World::eventually([&] { return published()->number > ahead->number; }));
  CHECK(World::eventually([&] { return world.service->crl(arn.id)->number > ahead->number; }));
}

TEST_CASE("crls: what is lost or damaged in a bucket is put there again", "[authority]") {
  World world;
  const auto arn = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "reports";
  configure(world, arn, wanted);
  const auto first = test::behind(world, arn.id, 0);
  const auto file = world.folder / "reports/crl" / (arn.id + ".crl");
  REQUIRE(World::eventually([&] { return std::filesystem::exists(file); }));
  std::filesystem::remove(file);
  world.clock.advance(61min);
  CHECK(World::eventually([&] { return std::filesystem::exists(file); }));
}
