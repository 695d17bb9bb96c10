// What a network HSM does to its clients beside being away: it forgets, it renumbers, it counts PINs.
#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

TEST_CASE("device: one that forgets every session and the login at once fails no request", "[pkcs11][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  Load load{token, key, 16};
  REQUIRE(load.makes(100));
  for (int round = 0; round < 3; ++round) {
    shim.loses_sessions = 1;
    INFO(load.first_failure());
    REQUIRE(load.makes(200));
    CHECK(shim.loses_sessions == 0);
  }
  load.stop();
  CHECK(load.failed == 0);
  CHECK(token.status().reconnects >= 3);
  CHECK(shim.logins == 1 + token.status().reconnects);
}

TEST_CASE("device: keys whose handles have changed are found again", "[pkcs11][I14][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto other = token.generate_key("ca-2", KeyType::ec_p256, soon());
  token.audit(Uri::parse(key.uri), key.spki_der, soon());
  token.audit(Uri::parse(other.uri), other.spki_der, soon());
  Load load{token, key, 8};
  Load load_2{token, other, 2};
  REQUIRE(load.makes(100));
  for (std::uint64_t round = 1; round <= 3; ++round) {
    shim.handles_from = round << 32U;
    INFO(load.first_failure() << load_2.first_failure());
    REQUIRE(load.makes(200));
    REQUIRE(load_2.makes(20));
  }
  load.stop();
  load_2.stop();
  CHECK(load.failed + load_2.failed == 0);
  CHECK(token.status().refused_keys.empty());
  CHECK(token.status().reconnects == 0);
}

TEST_CASE("device: a wrong PIN costs one of its tries, whatever goes and comes meanwhile", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  shim.pin_tries = 3;
  SoftHsm::write_pin(files.pin_file, "a-wrong-pin-7261");
  Token token{options_of(hsm, files)};
  CHECK_FALSE(token.wait_until_up(soon()));
  CHECK(token.status().state == TokenState::sealed);
  for (int round = 0; round < 3; ++round) {
    shim.gone = CKR_DEVICE_REMOVED;
    std::this_thread::sleep_for(150ms);
    shim.gone = 0;
    std::this_thread::sleep_for(150ms);
  }
  CHECK(shim.logins == 1);
  CHECK(shim.wrong_pins == 1);
  SoftHsm::write_pin(files.pin_file, files.pin);
  CHECK(eventually([&] { return token.status().state == TokenState::up; }));
  CHECK(shim.wrong_pins == 0);
}

TEST_CASE("device: a PIN that is locked already gets no login", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  shim.pin_tries = 3;
  shim.wrong_pins = GENERATE(2U, 3U);  // CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  CHECK(tells(token, "PIN"));
  CHECK_FALSE(token.wait_until_up(in(500ms)));
  CHECK(shim.logins == 0);
}

TEST_CASE("device: an attribute that is weak at the reconnect stops that key alone", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto other = token.generate_key("ca-2", KeyType::ec_p256, soon());
  token.audit(Uri::parse(key.uri), key.spki_der, soon());
  token.audit(Uri::parse(other.uri), other.spki_der, soon());
  shim.only_key = test::label_hash("ca-2");
  shim.weaken_attribute = GENERATE(CKA_EXTRACTABLE, CKA_NEVER_EXTRACTABLE, CKA_SENSITIVE, CKA_LOCAL);
  Load load{token, key, 4};
  REQUIRE(load.makes(20));
  shim.loses_sessions = 1;
  CHECK(eventually([&] { return token.status().refused_keys.size() == 1; }));
  CHECK(class_thrown_by([&] {
          static_cast<void>(
              token.sign(Uri::parse(other.uri), SignatureScheme::ecdsa_sha256, bytes("x"), soon()));
        }) == ErrorClass::key_refused);
  INFO(load.first_failure());
  CHECK(load.makes(100));
  load.stop();
  CHECK(load.failed == 0);
}
