#include <algorithm>

#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

TEST_CASE("doctor: a healthy token and key pass every step", "[pkcs11]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  const auto options = options_of(hsm, files);
  std::string uri;
  {
    Token token{options};
    uri = token.generate_key("ca-1", KeyType::ec_p384, soon()).uri;
  }
  const auto steps = pkcs11::diagnose(options, Uri::parse(uri));
  REQUIRE(steps.size() == 8);
  for (const auto& step : steps) {
    INFO(step.what << ": " << step.detail);
    CHECK(step.ok);
    CHECK(step.hint.empty());
  }
}

TEST_CASE("doctor: it stops at the first failure and names the call and the way out", "[pkcs11][I18]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  auto options = options_of(hsm, files);
  const auto last = [&] { return pkcs11::diagnose(options, Uri::parse("pkcs11:object=none")).back(); };
  SECTION("no module") {
    options.uri.module_path = "/nonexistent/module.so";
    CHECK(last().what == "module");
    CHECK_THAT(last().detail, Contains("/nonexistent/module.so"));
  }
  SECTION("a library that is no module") {
    options.uri.module_path = "libdl.so.2";
    CHECK(last().what == "module");
  }
  SECTION("another token") {
    options.uri.token = "nobody";
    CHECK(last().what == "token");
    CHECK_THAT(last().hint, Contains("list-slots"));
  }
  SECTION("an open PIN file") {
    std::filesystem::permissions(files.pin_file, std::filesystem::perms{0644});
    CHECK(last().what == "PIN source");
    CHECK_THAT(last().hint, Contains("0600"));
    CHECK(shim.logins == 0);
  }
  SECTION("a wrong PIN once") {
    SoftHsm::write_pin(files.pin_file, "not-the-pin");
    const auto step = last();
    CHECK(step.what == "login");
    CHECK_THAT(step.detail, Contains("CKR_PIN_INCORRECT"));
    CHECK(step.detail.find("not-the-pin") == std::string::npos);
    CHECK(shim.logins == 1);
  }
  SECTION("no key") {
    CHECK(last().what == "key attributes");
    CHECK_THAT(last().detail, Contains("object=none"));
  }
  CHECK_FALSE(last().ok);
  CHECK_FALSE(last().hint.empty());
}

TEST_CASE("slots: tokens and mechanisms are listed for an operator", "[pkcs11]") {
  SoftHsm hsm;
  static_cast<void>(hsm.add_token("root"));
  static_cast<void>(hsm.add_token("issuing"));
  const auto slots = pkcs11::list_slots(hsm.module());
  const auto issuing =
      std::find_if(slots.begin(), slots.end(), [](const auto& slot) { return slot.label == "issuing"; });
  REQUIRE(issuing != slots.end());
  CHECK(issuing->initialized);
  CHECK(issuing->user_pin_set);
  CHECK_FALSE(issuing->user_pin_locked);
  CHECK(issuing->serial.size() == 16);
  CHECK_THAT(issuing->model, Contains("SoftHSM"));
  const auto mechanisms = pkcs11::mechanisms(hsm.module(), issuing->slot_id);
  const auto ecdsa = std::find_if(mechanisms.begin(), mechanisms.end(),
                                  [](const auto& each) { return each.name == "CKM_ECDSA"; });
  REQUIRE(ecdsa != mechanisms.end());
  CHECK(ecdsa->sign);
}
