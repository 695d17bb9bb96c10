#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

TEST_CASE("recovery: a token directory that goes and comes back under load fails no request",
          "[pkcs11][I19]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  Load load{token, key, 16, 20s};
  REQUIRE(load.makes(100));
  for (int round = 0; round < 3; ++round) {
    hsm.move_away("issuing");
    REQUIRE(eventually([&] { return token.status().state != TokenState::up; }));
    std::this_thread::sleep_for(700ms);
    hsm.move_back("issuing");
    INFO(load.first_failure());
    REQUIRE(load.makes(100));
  }
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(token.status().module_reloads >= 3);
}

TEST_CASE("recovery: a device that is removed for a while fails no request", "[pkcs11][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  token.audit(Uri::parse(key.uri), key.spki_der, soon());
  Load load{token, key, 16};
  REQUIRE(load.makes(100));
  for (const CK_RV rv : {CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_GENERAL_ERROR, CKR_TOKEN_NOT_PRESENT}) {
    shim.gone = rv;
    REQUIRE(eventually([&] { return token.status().state != TokenState::up; }));
    std::this_thread::sleep_for(300ms);
    shim.gone = 0;
    INFO(load.first_failure());
    REQUIRE(load.makes(100));
  }
  load.stop();
  CHECK(load.failed == 0);
}

TEST_CASE("recovery: an idle token notices by its probe that the device went and came back",
          "[pkcs11][I19]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  REQUIRE(token.wait_until_up(soon()));
  hsm.move_away("issuing");
  CHECK(eventually([&] { return token.status().state != TokenState::up; }));
  CHECK_FALSE(token.wait_until_up(in(200ms)));
  hsm.move_back("issuing");
  CHECK(token.wait_until_up(soon()));
}

TEST_CASE("recovery: while the token is away a request ends at its deadline with the cause",
          "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  shim.gone = CKR_DEVICE_REMOVED;
  const auto start = std::chrono::steady_clock::now();
  std::string text;
  const auto thrown = class_thrown_by([&] {
    try {
      static_cast<void>(
          token.sign(Uri::parse(key.uri), SignatureScheme::ecdsa_sha256, bytes("x"), start + 2s));
    } catch (const Error& error) {
      text = error.what();
      throw;
    }
  });
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(thrown == ErrorClass::unavailable);
  CHECK(took >= 1990ms);
  CHECK(took < 20s);
  CHECK_THAT(text, Contains("CKR_DEVICE_REMOVED"));
  CHECK(token.status().sign_failures == 1);
}

TEST_CASE("recovery: a session that failed is never handed out again", "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  shim.bad_session_every = 50;
  Load load{token, key, 8};
  CHECK(load.makes(1000));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(token.status().retries >= 20);
  CHECK(token.status().reconnects == 0);  // one session at a time, the connection stays
}

TEST_CASE("recovery: the pool shrinks to what the token gives and grows again", "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  shim.session_limit = GENERATE(1U, 2U, 5U);
  shim.sign_latency_us = 500;
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  Load load{token, key, 16};
  CHECK(load.makes(300));
  CHECK(shim.sessions <= shim.session_limit);
  shim.session_limit = 0;
  CHECK(eventually([&] { return token.status().sessions_open > 8; }));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
}

TEST_CASE("recovery: a throttling token is asked again later on the same connection", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  shim.throttle_every = 3;
  Load load{token, key, 8};
  CHECK(load.makes(400));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(token.status().reconnects == 0);
  CHECK(shim.logins == 1);
}

TEST_CASE("recovery: a token that is away at the start is connected when it comes", "[pkcs11][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  hsm.move_away("issuing");
  shim.initialize_rv = GENERATE(CK_RV{CKR_OK}, CK_RV{CKR_GENERAL_ERROR});
  const auto start = std::chrono::steady_clock::now();
  Token token{options_of(hsm, files)};
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK_FALSE(token.wait_until_up(in(500ms)));
  CHECK(eventually([&] { return !token.status().last_error.empty(); }));
  shim.initialize_rv = 0;
  hsm.move_back("issuing");
  CHECK(token.wait_until_up(soon()));
  CHECK_NOTHROW(static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon())));
}

TEST_CASE("recovery: two tokens on one module work while one of them is away", "[pkcs11][I19]") {
  SoftHsm hsm;
  const auto root_files = hsm.add_token("root");
  const auto issuing_files = hsm.add_token("issuing");
  const auto modules = pkcs11::make_module_set();
  Token issuing{options_of(hsm, issuing_files), modules};
  Token root{options_of(hsm, root_files), modules};
  const auto issuing_key = issuing.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto root_key = root.generate_key("root-1", KeyType::ec_p256, soon());
  Load load{issuing, issuing_key, 8};
  REQUIRE(load.makes(100));

  hsm.move_away("root");
  REQUIRE(eventually([&] { return root.status().state != TokenState::up; }));
  const auto before = issuing.status().reconnects;
  const auto start = std::chrono::steady_clock::now();
  INFO(load.first_failure());
  REQUIRE(load.makes(1000));
  std::this_thread::sleep_for(2500ms);
  // Loading the module anew for the root interrupts the issuing token: seldom, also where all this takes
  // long.
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(issuing.status().reconnects - before <= 5 + static_cast<std::uint64_t>(took / 15s));
  hsm.move_back("root");
  CHECK(root.wait_until_up(soon()));
  const Bytes signature =
      root.sign(Uri::parse(root_key.uri), SignatureScheme::ecdsa_sha256, bytes("x"), soon());
  CHECK(pkcs11::verifies(root_key.spki_der, SignatureScheme::ecdsa_sha256, bytes("x"), signature));
  REQUIRE(load.makes(100));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
}

TEST_CASE("recovery: both tokens of one module under load through a removed device", "[pkcs11][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto root_files = hsm.add_token("root");
  const auto issuing_files = hsm.add_token("issuing");
  const auto modules = pkcs11::make_module_set();
  Token issuing{options_of(hsm, issuing_files), modules};
  Token root{options_of(hsm, root_files), modules};
  const auto issuing_key = issuing.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto root_key = root.generate_key("root-1", KeyType::ec_p256, soon());
  Load one{issuing, issuing_key, 6};
  Load two{root, root_key, 6};
  for (int round = 0; round < 3; ++round) {
    shim.gone = CKR_DEVICE_REMOVED;
    REQUIRE(eventually(
        [&] { return issuing.status().state != TokenState::up && root.status().state != TokenState::up; }));
    std::this_thread::sleep_for(300ms);
    shim.gone = 0;
    INFO(one.first_failure() << two.first_failure());
    REQUIRE(one.makes(50));
    REQUIRE(two.makes(50));
  }
  one.stop();
  two.stop();
  CHECK(one.failed == 0);
  CHECK(two.failed == 0);
}

TEST_CASE("recovery: a second user of the module without the shared set is refused", "[pkcs11]") {
  SoftHsm hsm;
  const auto files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  REQUIRE(token.wait_until_up(soon()));
  Token second{options_of(hsm, files)};
  CHECK(tells(second, "ModuleSet"));
  CHECK_FALSE(second.wait_until_up(in(300ms)));
}

namespace {

// What a token told its owner, in order; outlives the token.
class Told {
 public:
  [[nodiscard]] pkcs11::TokenOptions heard_by(pkcs11::TokenOptions options) {
    options.on_transition = [this](const pkcs11::TokenTransition& transition) {
      const std::lock_guard lock{mutex_};
      transitions_.push_back(transition);
    };
    return options;
  }
  [[nodiscard]] std::vector<pkcs11::TokenTransition> all() {
    const std::lock_guard lock{mutex_};
    return transitions_;
  }
  // Waits for so many and returns them.
  [[nodiscard]] std::vector<pkcs11::TokenTransition> first(std::size_t count) {
    REQUIRE(eventually([&] { return all().size() >= count; }));
    return all();
  }

 private:
  std::mutex mutex_;
  std::vector<pkcs11::TokenTransition> transitions_;
};

}  // namespace

TEST_CASE("transitions: each is told once, with the failing call, and how long the token was away",
          "[pkcs11][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Told told;
  auto token = std::make_unique<Token>(told.heard_by(options_of(hsm, files)));
  CHECK(told.first(1)[0].to == TokenState::up);
  CHECK(told.first(1)[0].epoch == 1);

  shim.gone = CKR_DEVICE_REMOVED;
  const auto down = told.first(2)[1];
  CHECK(down.to == TokenState::down);
  CHECK(down.epoch == 1);
  REQUIRE(down.cause);
  CHECK(down.cause->rv() == CKR_DEVICE_REMOVED);
  CHECK_THAT(down.cause->call(), StartsWith("C_"));
  // Attempts that fail are no transitions.
  const auto reloads = token->status().module_reloads;
  REQUIRE(eventually([&] { return token->status().module_reloads > reloads + 2; }));
  CHECK(told.all().size() == 2);

  shim.gone = 0;
  const auto up = told.first(3)[2];
  CHECK(up.to == TokenState::up);
  CHECK(up.epoch == 2);
  CHECK(up.away >= 50ms);  // at least the pause between two attempts
  CHECK(up.away < 60s);
  token.reset();
  CHECK(told.all().size() == 3);  // an end that was asked for is no outage
}

TEST_CASE("transitions: a token that is away at the start is told as down, then as up", "[pkcs11][I19]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  hsm.move_away("issuing");
  Told told;
  const Token token{told.heard_by(options_of(hsm, files))};
  const auto down = told.first(1)[0];
  CHECK(down.to == TokenState::down);
  CHECK(down.epoch == 0);
  CHECK(down.cause);
  hsm.move_back("issuing");
  CHECK(told.first(2)[1].to == TokenState::up);
  CHECK(told.all().size() == 2);
}

TEST_CASE("transitions: a seal is told once with what a person must do", "[pkcs11][I18]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  SoftHsm::write_pin(files.pin_file, "a-wrong-pin-7261");
  Told told;
  const Token token{told.heard_by(options_of(hsm, files))};
  const auto sealed = told.first(1)[0];
  CHECK(sealed.to == TokenState::sealed);
  REQUIRE(sealed.cause);
  CHECK(sealed.cause->call() == "C_Login");
  CHECK_THAT(sealed.cause->hint(), Contains("put the right PIN into the PIN source"));
  CHECK_THAT(sealed.cause->what(), !Contains("a-wrong-pin-7261"));
  SoftHsm::write_pin(files.pin_file, files.pin);
  CHECK(told.first(2)[1].to == TokenState::up);  // many looks at the PIN source later
  CHECK(told.all().size() == 2);
}

TEST_CASE("transitions: a token that works and is lost again and again tells no storm", "[pkcs11][I16]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Told told;
  auto options = told.heard_by(options_of(hsm, files));
  options.backoff_min = 200ms;
  Token token{options};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto before = told.first(1).size();
  const auto start = std::chrono::steady_clock::now();
  for (int flap = 0; flap < 4; ++flap) {
    static_cast<void>(token.sign(Uri::parse(key.uri), SignatureScheme::ecdsa_sha256, bytes("x"), soon()));
    const OtherUser other{options};  // logs out, and the login that follows works at once
    REQUIRE(other.session().functions->C_Logout(other.session().handle) == CKR_OK);
    REQUIRE(told.first(before + 2 * static_cast<std::size_t>(flap) + 2).back().to == TokenState::up);
  }
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(told.all().size() == before + 8);
  CHECK(took >= 3 * 200ms);  // the first connection may be older than a second
}

TEST_CASE("end: requests that wait for a token that is away end when it is closed", "[pkcs11][I16]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  hsm.move_away("issuing");
  auto token = std::make_unique<Token>(options_of(hsm, files));
  std::atomic<bool> started{false};
  std::atomic<ErrorClass> thrown{ErrorClass::busy};
  std::thread waiting{[&, raw = token.get()] {
    started = true;
    try {
      static_cast<void>(
          raw->sign(Uri::parse("pkcs11:object=ca"), SignatureScheme::eddsa, bytes("x"), in(60s)));
    } catch (const Error& error) {
      thrown = error.error_class();
    }
  }};
  REQUIRE(eventually([&] { return started.load(); }));
  std::this_thread::sleep_for(100ms);
  const auto start = std::chrono::steady_clock::now();
  token.reset();
  waiting.join();
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(thrown == ErrorClass::unavailable);
}
