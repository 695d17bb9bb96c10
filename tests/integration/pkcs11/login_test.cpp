#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

constexpr const char* kWrongPin = "a-wrong-pin-7261";

// What another thread of the process may do to us: C_Logout on a session of its own.
void log_out_silently(const pkcs11::TokenOptions& options) {
  const OtherUser other{options};
  REQUIRE(other.session().functions->C_Logout(other.session().handle) == CKR_OK);
}

}  // namespace

TEST_CASE("login: a wrong PIN is sent once and the token is sealed until the source changes",
          "[pkcs11][I18]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  SoftHsm::write_pin(files.pin_file, kWrongPin);
  Token token{options_of(hsm, files)};
  CHECK_FALSE(token.wait_until_up(soon()));
  CHECK(token.status().state == TokenState::sealed);
  std::this_thread::sleep_for(600ms);  // six probes, and a file that is written anew with the same content
  SoftHsm::write_pin(files.pin_file, kWrongPin);
  std::this_thread::sleep_for(300ms);
  CHECK(shim.logins == 1);
  const auto status = token.status();
  CHECK(status.state == TokenState::sealed);
  CHECK(status.login_attempts == 1);
  CHECK(status.login_failures == 1);
  CHECK_THAT(status.last_error, Contains("C_Login") && Contains("CKR_PIN_INCORRECT"));

  const std::string text = text_thrown_by([&] {
    static_cast<void>(token.sign(Uri::parse("pkcs11:object=ca"), SignatureScheme::eddsa, bytes("x"), soon()));
  });
  CHECK_THAT(text, Contains("sealed"));
  for (const std::string& said : {text, status.last_error, status.detail}) {
    CHECK(said.find(kWrongPin) == std::string::npos);
    CHECK(said.find(files.pin) == std::string::npos);
  }

  SoftHsm::write_pin(files.pin_file, files.pin);
  CHECK(eventually([&] { return token.status().state == TokenState::up; }));
  CHECK(shim.logins == 2);
}

TEST_CASE("login: a locked PIN seals the token after one attempt", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  shim.login_rv = CKR_PIN_LOCKED;
  Token token{options_of(hsm, files)};
  CHECK_FALSE(token.wait_until_up(soon()));
  std::this_thread::sleep_for(500ms);
  CHECK(token.status().state == TokenState::sealed);
  CHECK(shim.logins == 1);
  CHECK_THAT(token.status().last_error, Contains("CKR_PIN_LOCKED") && Contains("security officer"));
}

TEST_CASE("login: an ambiguous answer is not answered with one login after the other", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  shim.login_rv = GENERATE(CK_RV{CKR_GENERAL_ERROR}, CK_RV{CKR_FUNCTION_FAILED});
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  REQUIRE(tells(token, "may mean a wrong PIN"));
  CHECK_FALSE(token.wait_until_up(in(600ms)));
  CHECK(shim.logins == 1);
  CHECK_THAT(token.status().last_error, Contains("C_Login") && Contains("may mean a wrong PIN"));
  shim.login_rv = 0;
  CHECK(token.wait_until_up(soon()));
  CHECK(shim.logins == 2);
}

TEST_CASE("login: a failure that the token counts as a wrong PIN seals it, whatever it is called",
          "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  shim.login_rv = GENERATE(CK_RV{CKR_FUNCTION_FAILED}, CK_RV{CKR_DEVICE_ERROR});
  shim.login_counts_down = 1;
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  CHECK_FALSE(token.wait_until_up(soon()));
  CHECK(token.status().state == TokenState::sealed);
  CHECK(shim.logins == 1);
}

TEST_CASE("login: a PIN that turns wrong while the token is up is tried once at the reconnect", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  REQUIRE(token.wait_until_up(soon()));
  SoftHsm::write_pin(files.pin_file, kWrongPin);
  shim.gone = CKR_DEVICE_REMOVED;
  REQUIRE(eventually([&] { return token.status().state == TokenState::down; }));
  const auto before = shim.logins.load();
  shim.gone = 0;
  REQUIRE(eventually([&] { return token.status().state == TokenState::sealed; }));
  std::this_thread::sleep_for(300ms);
  CHECK(shim.logins == before + 1);
}

TEST_CASE("login: a PIN source that cannot be read is named and healed by its appearance", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  std::filesystem::remove(files.pin_file);
  Token token{options_of(hsm, files)};
  CHECK(tells(token, files.pin_file.string()));
  CHECK_FALSE(token.wait_until_up(in(300ms)));
  CHECK(shim.logins == 0);
  CHECK(shim.initializes == 1);  // nothing of this is healed by loading the module again
  SoftHsm::write_pin(files.pin_file, files.pin);
  CHECK(token.wait_until_up(soon()));
}

TEST_CASE("login: a token that forgets the login is logged in again under load", "[pkcs11][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  shim.logout_every = 200;
  Load load{token, key, 8};
  CHECK(load.makes(1000));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(token.status().reconnects >= 4);
}

TEST_CASE("login: a login that is lost without a word makes no key missing", "[pkcs11][I14][I19]") {
  SoftHsm hsm;
  auto options = options_of(hsm, hsm.add_token("issuing"));
  options.probe_interval = 1h;
  Token token{options};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const Uri uri = Uri::parse(key.uri);
  log_out_silently(options);
  SECTION("for a signature") {
    Uri not_yet_found;
    not_yet_found.object = "ca-1";
    CHECK_NOTHROW(
        static_cast<void>(token.sign(not_yet_found, SignatureScheme::ecdsa_sha256, bytes("x"), soon())));
  }
  SECTION("for an audit") {
    CHECK_NOTHROW(token.audit(uri, key.spki_der, soon()));
    CHECK(token.status().refused_keys.empty());
  }
  SECTION("for a creation that looks for its key") { CHECK(token.find_key("ca-1", soon())); }
  SECTION("for a creation that needs the label") {
    CHECK(class_thrown_by([&] { static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon())); }) ==
          ErrorClass::label_exists);
    CHECK_NOTHROW(static_cast<void>(token.generate_key("ca-2", KeyType::ec_p256, soon())));
  }
  CHECK(token.status().reconnects == 1);
}

TEST_CASE("login: an idle token notices by its probe that the login is lost", "[pkcs11][I19]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  Token token{options};
  REQUIRE(token.wait_until_up(soon()));
  log_out_silently(options);
  CHECK(eventually([&] { return token.status().reconnects == 1; }));
  CHECK_THAT(token.status().last_error, Contains("lost the login"));
}

TEST_CASE("login: a module that never tells of a login is not believed to have lost it", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  shim.hide_login = 1;
  auto options = options_of(hsm, hsm.add_token("issuing"));
  options.probe_interval = 10ms;
  Token token{options};
  static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon()));
  CHECK_FALSE(token.find_key("ca-2", soon()));
  CHECK(class_thrown_by([&] {
          static_cast<void>(token.sign(Uri::parse("pkcs11:object=ca-2"), SignatureScheme::ecdsa_sha256,
                                       bytes("x"), soon()));
        }) == ErrorClass::key_missing);
  CHECK(token.status().reconnects == 0);
}

TEST_CASE("login: a token that two labels fit is refused as configuration", "[pkcs11]") {
  SoftHsm hsm;
  const auto files = hsm.add_token("twin");
  static_cast<void>(hsm.add_token("twin"));
  Token token{options_of(hsm, files)};
  REQUIRE(tells(token, "2 tokens fit"));
  CHECK_FALSE(token.wait_until_up(in(400ms)));
  CHECK_THAT(token.status().last_error, Contains("2 tokens fit") && Contains("serial="));
}
