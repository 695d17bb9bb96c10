// What happens between an accepted request and its signature when the token is away.
#include <sqlite3.h>

#include "ca/base/error.hpp"
#include "tests/integration/authority/world.hpp"
#include "tests/support/catch.hpp"

using test::World;

namespace {

// Changes the closed store from outside, as somebody with access to its file could.
void edit(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
  char* complaint = nullptr;
  const int code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &complaint);
  INFO((complaint != nullptr ? complaint : ""));
  CHECK(code == SQLITE_OK);
  sqlite3_free(complaint);
  sqlite3_close(handle);
}

}  // namespace

TEST_CASE("resume: bytes that were changed in the store are never signed", "[authority][I4]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  world.signer.set_away(true);
  const auto victim = world.service->issue(world.caller(), world.order(root, test::make_csr()));
  const auto other = world.service->issue(
      world.caller(), world.order(root, test::make_csr(), "SubordinateCACertificate_PathLen0"));
  world.stop();
  edit(world.folder / "ledger.sqlite",
       "DROP TRIGGER intents_are_kept; UPDATE certificates SET tbs_der = (SELECT tbs_der FROM certificates "
       "WHERE template_name LIKE 'Sub%') WHERE template_name = 'EndEntityCertificate';");
  const int signatures = world.signer.signatures;
  world.restart();
  world.signer.set_away(false);

  REQUIRE(World::eventually([&] { return world.store->counts().pending == 0; }));
  CHECK(world.store->certificate(root, victim.serial)->state == ca::CertificateState::failed);
  CHECK(world.store->certificate(root, victim.serial)->failure_reason.find("serial") != std::string::npos);
  CHECK(world.store->certificate(root, other.serial)->state == ca::CertificateState::issued);
  CHECK(world.signer.signatures == signatures + 1);
}
TEST_CASE("resume: a row that the authority's new certificate does not allow fails", "[authority][I10]") {
  World world;
  world.options.issue_wait = std::chrono::milliseconds{20};
  world.restart();
  const auto root = world.active_root();
  auto long_lived = world.order(root, test::make_csr());
  long_lived.validity.value = 1000;
  auto renewal = world.order(root, world.service->csr(World::caller(), root), "RootCACertificate");
  renewal.validity.value = 365;
  const auto renewed =
      world.service->certificate(world.caller(), root, world.service->issue(world.caller(), renewal));
  world.signer.set_away(true);
  const auto beyond = world.service->issue(world.caller(), long_lived);
  const auto within = world.service->issue(world.caller(), world.order(root, test::make_csr()));
  world.service->import_certificate(world.caller(), {root, renewed.certificate, std::nullopt});
  world.signer.set_away(false);

  REQUIRE(World::eventually([&] { return world.store->counts().pending == 0; }));
  CHECK(world.store->certificate(root, beyond.serial)->state == ca::CertificateState::failed);
  CHECK(world.store->certificate(root, beyond.serial)->failure_reason.find("validity") != std::string::npos);
  CHECK(world.store->certificate(root, within.serial)->state == ca::CertificateState::issued);
}
