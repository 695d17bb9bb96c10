// CRLs from the revocation to what relying parties get, on a real store.
#include <future>

#include "tests/integration/authority/crls.hpp"

using test::behind;
using test::check_signed;
using test::configure;
using test::issue;
using test::Leaf;
using test::listed;
using test::revoke;
using test::serials_of;
using test::when_it_lists;
using test::with_crl;
using test::World;
using namespace std::chrono_literals;

TEST_CASE("crl: a revocation is on the CRL that the certificate points to", "[authority][I7][I8]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto first = when_it_lists(world, root.id, {});
  const auto leaf = issue(world, root);
  const auto other = issue(world, root);
  CHECK(leaf.crl_uri == "http://status.example.test/crl/" + root.id + ".crl");
  revoke(world, leaf);
  const auto second = when_it_lists(world, root.id, {leaf});
  CHECK(second->number > first->number);
  check_signed(world, *second);
  const auto list = ca::CertificateList::parse(*second->der);
  CHECK(list.entries().next().value().reason_code == 1);
  CHECK(list.next_update == ca::to_seconds(second->issued_at) + 7 * 24h);
  CHECK(list.this_update < ca::to_seconds(second->issued_at));
  CHECK(list.distribution_point_uris.empty());
  revoke(world, other);
  CHECK(when_it_lists(world, root.id, {leaf, other})->number > second->number);
  CHECK(world.events("crl.signing") == world.events("crl.issued"));
}

TEST_CASE("crl: at half of its life there is a new one, and an entry stays once beyond its end",
          "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root, 3);
  revoke(world, leaf);
  auto crl = when_it_lists(world, root.id, {leaf});
  world.clock.advance(24h * 7 / 2 - 1min);
  world.restart();
  crl = when_it_lists(world, root.id, {leaf});
  const auto number = crl->number;
  world.clock.advance(2min);
  world.restart();
  crl = behind(world, root.id, number);
  CHECK(listed(*crl) == serials_of({leaf}));  // the first since its end
  world.clock.advance(24h * 7 / 2 + 1min);
  world.restart();
  CHECK(listed(*behind(world, root.id, crl->number)).empty());
}

TEST_CASE("crl: a restart goes on with the last one, also while the token is away", "[authority][I8][I19]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root);
  revoke(world, leaf);
  const auto before = when_it_lists(world, root.id, {leaf});
  world.signer.set_away(true);
  world.restart();
  const auto after = when_it_lists(world, root.id, {leaf});
  CHECK(*after->der == *before->der);
  world.signer.set_away(false);
  const auto another = issue(world, root);
  revoke(world, another);
  CHECK(when_it_lists(world, root.id, {leaf, another})->number > before->number);
}

TEST_CASE("crl: a revocation is durable while the token is away and listed when it is back",
          "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root);
  const auto before = when_it_lists(world, root.id, {});
  const auto intents = world.events("crl.signing");
  world.signer.set_away(true);
  revoke(world, leaf);
  REQUIRE(World::eventually([&] { return world.noticed("is not issued, the last one is good until"); }));
  CHECK(world.events("crl.signing") == intents);  // waiting uses up no numbers
  CHECK(world.service->crl(root.id)->number == before->number);
  world.restart();
  world.signer.set_away(false);
  check_signed(world, *when_it_lists(world, root.id, {leaf}));
}

TEST_CASE("crl: one that was signed and not recorded is recorded after a crash, and no number is taken twice",
          "[authority][I3][I8][I19]") {
  const auto fault = GENERATE(test::FaultyLedger::Fault::before, test::FaultyLedger::Fault::after);
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root);
  const auto before = when_it_lists(world, root.id, {});
  world.ledger.fail_next<ca::MarkCrlIssued>(fault);
  revoke(world, leaf);
  const auto after = when_it_lists(world, root.id, {leaf});  // by the next attempt
  CHECK(after->number > before->number);
  check_signed(world, *after);
  world.restart();
  const auto again = when_it_lists(world, root.id, {leaf});
  CHECK(again->number >= after->number);
}

TEST_CASE("crl: without its file a restart makes a new one with a larger number", "[authority][I8][I19]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root);
  revoke(world, leaf);
  const auto before = when_it_lists(world, root.id, {leaf});
  world.stop();
  std::filesystem::remove_all(world.folder / "crls");
  world.restart();
  const auto after = when_it_lists(world, root.id, {leaf});
  CHECK(after->number > before->number);
  check_signed(world, *after);
}

TEST_CASE("crl: behind a clock that was ahead the next CRL is of the right time, and its number is larger",
          "[authority][I8]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto leaf = issue(world, root, 1);  // ends before the time that the clock was at
  world.clock.advance(96h);
  revoke(world, leaf);
  const auto before = when_it_lists(world, root.id, {leaf});
  world.clock.advance(-95h);
  world.restart();
  const auto after = behind(world, root.id, before->number);
  const auto list = ca::CertificateList::parse(*after->der);
  CHECK(list.this_update < ca::to_seconds(world.clock.now()));
  CHECK(list.next_update == ca::to_seconds(world.clock.now()) + 7 * 24h);
  CHECK(listed(*after) == serials_of({leaf}));
  CHECK(list.entries().next().value().revoked_at <= ca::to_seconds(world.clock.now()));
}

TEST_CASE("crl: a partition lists its own certificates, under the place that they name", "[authority][I7]") {
  World world;
  world.options.revocation.partition_size = 2;
  world.restart();
  const auto root = world.active_root();
  configure(world, root, with_crl(ca::CrlType::partitioned));
  const std::vector<Leaf> leaves{issue(world, root), issue(world, root), issue(world, root)};
  world.restart();  // the open partition is taken up, not a new one begun
  const auto fourth = issue(world, root);
  CHECK(leaves[0].crl_uri == leaves[1].crl_uri);
  CHECK(leaves[2].crl_uri != leaves[0].crl_uri);
  CHECK(fourth.crl_uri == leaves[2].crl_uri);
  revoke(world, leaves[1]);
  revoke(world, fourth);
  const auto series = world.store->crls(root);
  REQUIRE(series.size() == 2);
  CHECK(series[0].uri == leaves[0].crl_uri);
  const auto first = when_it_lists(world, series[0].name, {leaves[1]});
  const auto second = when_it_lists(world, series[1].name, {fourth});
  CHECK(ca::CertificateList::parse(*first->der).distribution_point_uris == std::vector{leaves[0].crl_uri});
  CHECK(ca::CertificateList::parse(*second->der).distribution_point_uris == std::vector{fourth.crl_uri});
  check_signed(world, *first);
}

TEST_CASE("crl: certificates from before the switch to partitions keep their CRL", "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const auto early = issue(world, root);
  configure(world, root, with_crl(ca::CrlType::partitioned));
  const auto late = issue(world, root);
  CHECK(late.crl_uri != early.crl_uri);
  revoke(world, early);
  revoke(world, late);
  (void)when_it_lists(world, root.id, {early, late});  // complete: all of them
  (void)when_it_lists(world, world.store->crls(root).back().name, {late});
}

TEST_CASE("crl: an authority that was disabled or deleted goes on publishing", "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  const std::vector<Leaf> leaves{issue(world, root), issue(world, root)};
  world.service->update(World::caller(), root, {.status = ca::AuthorityStatus::disabled});
  revoke(world, leaves[0]);
  const auto disabled = when_it_lists(world, root.id, {leaves[0]});
  world.service->remove(World::caller(), root, 7);
  world.clock.advance(24h * 7 / 2 + 1min);
  world.restart();
  CHECK(behind(world, root.id, disabled->number)->next_update > disabled->next_update);
}

TEST_CASE("crl: a configuration that this daemon cannot serve is refused and changes nothing",
          "[authority]") {
  World world;
  const auto root = world.active_root();
  auto wanted = with_crl();
  wanted.crl.bucket = "elsewhere";
  CHECK(World::code_of([&] { configure(world, root, wanted); }) == ca::Code::constraint_violation);
  wanted.crl.bucket = "reports";
  world.options.revocation.url.clear();
  world.restart();
  CHECK(World::code_of([&] { configure(world, root, with_crl()); }) == ca::Code::invalid_args);
  CHECK(issue(world, root).crl_uri.empty());
  wanted = with_crl();
  wanted.crl.custom_cname = "crl.example.test";
  configure(world, root, wanted);
  CHECK(issue(world, root).crl_uri == "http://crl.example.test/crl/" + root.id + ".crl");
  wanted = with_crl();
  wanted.crl.enabled = false;
  configure(world, root, {});
  CHECK(issue(world, root).crl_uri.empty());
}

TEST_CASE("crl: a revocation that is durable before the intent of a CRL is on that CRL", "[authority][I7]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  std::vector<Leaf> leaves;
  for (int i = 0; i < 40; ++i) {
    leaves.push_back(issue(world, root));
  }
  std::map<std::string, std::size_t> entries;  // by the CRL's number
  for (const Leaf& leaf : leaves) {
    revoke(world, leaf);
    if (const auto crl = world.service->crl(root.id)) {
      entries[std::to_string(crl->number)] = listed(*crl).size();
    }
  }
  const auto last = when_it_lists(world, root.id, leaves);
  entries[std::to_string(last->number)] = leaves.size();
  // How many were revoked before each intent, in the order of the audit log.
  std::size_t revoked = 0;
  for (const auto& line : world.store->audit_lines(0, 100000)) {
    const auto has = [&](const std::string& text) { return line.line.find(text) != std::string::npos; };
    revoked += has(R"("type":"certificate.revoked")") ? 1U : 0U;
    for (const auto& [number, count] : entries) {
      if (has(R"("type":"crl.signing")") && has("\"number\":\"" + number + "\"")) {
        CHECK(count >= revoked);
      }
    }
  }
}

TEST_CASE("crl: how many revocations no CRL lists yet is known while the signature hangs", "[authority]") {
  World world;
  const auto root = world.active_root();
  configure(world, root, with_crl());
  (void)when_it_lists(world, root.id, {});
  const auto leaf = issue(world, root);
  const auto other = issue(world, root);
  const auto unlisted = [&] { return world.service->unlisted_revocations().at(root.text()); };
  CHECK(unlisted() == 0);
  std::promise<void> reached, open;
  world.signer.after_next_signature([&, gate = open.get_future().share()] {
    reached.set_value();
    gate.wait_for(60s);
  });
  revoke(world, leaf);
  REQUIRE(reached.get_future().wait_for(60s) == std::future_status::ready);
  revoke(world, other);
  CHECK(unlisted() == 2);
  open.set_value();
  (void)when_it_lists(world, root.id, {leaf, other});
  CHECK(World::eventually([&] { return unlisted() == 0; }));
}
