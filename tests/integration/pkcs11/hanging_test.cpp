#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

constexpr std::uint64_t kSha384Bytes = 48;  // what C_Sign of a key that signs with SHA-384 is given

void sign(Token& token, const Uri& key, std::chrono::milliseconds within,
          SignatureScheme scheme = SignatureScheme::ecdsa_sha256) {
  static_cast<void>(token.sign(key, scheme, bytes("x"), in(within)));
}

// The library leaves the process with the last call that was inside.
bool is_unloaded(const SoftHsm& hsm) {
  void* loaded = ::dlopen(hsm.module().c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (loaded != nullptr) {
    ::dlclose(loaded);
  }
  return loaded == nullptr;
}

}  // namespace

TEST_CASE("hanging: a call that never comes back is answered at its deadline and made up for",
          "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  auto options = options_of(hsm, hsm.add_token("issuing"));
  options.sessions = 1;
  Token token{options};
  const Uri key = Uri::parse(token.generate_key("ca-1", KeyType::ec_p256, soon()).uri);
  const Uri other = Uri::parse(token.generate_key("ca-2", KeyType::ec_p384, soon()).uri);
  shim.hang_sign = kSha384Bytes;
  const auto start = std::chrono::steady_clock::now();
  CHECK(class_thrown_by([&] { sign(token, other, 2s, SignatureScheme::ecdsa_sha384); }) ==
        ErrorClass::unavailable);
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took >= 1990ms);
  CHECK(took < 20s);
  CHECK(token.status().lost_calls == 1);
  CHECK(token.status().hanging_calls == 1);
  CHECK(shim.hanging == 1);

  CHECK_NOTHROW(sign(token, key, 20s));  // with the session that was made up
  CHECK(token.status().reconnects == 0);

  shim.hang_sign = 0;
  CHECK(eventually([&] { return token.status().hanging_calls == 0; }));
  CHECK(token.status().lost_calls == 1);
  CHECK_NOTHROW(sign(token, other, 20s, SignatureScheme::ecdsa_sha384));
  CHECK(token.status().sessions_in_use == 0);
  CHECK(token.status().sessions_open <= 2);  // one and the anchor
}

TEST_CASE("hanging: a signature whose session came late is not thrown away", "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  const Uri key = Uri::parse(token.generate_key("ca-1", KeyType::ec_p256, soon()).uri);
  shim.sign_latency_us = 5000;
  // More than once, for a machine that is busy with something else.
  CHECK(eventually([&] {
    try {
      sign(token, key, 0ms);
      return true;
    } catch (const Error&) {
      return false;
    }
  }));
}

TEST_CASE("hanging: a key whose calls hang takes its share and other keys go on", "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  auto options = options_of(hsm, hsm.add_token("issuing"));
  options.sessions = 4;
  Token token{options};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const Uri other = Uri::parse(token.generate_key("ca-2", KeyType::ec_p384, soon()).uri);
  shim.hang_sign = kSha384Bytes;
  Load load{token, key, 2};
  std::atomic<unsigned> unavailable{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 4; ++round) {
        try {
          sign(token, other, 300ms, SignatureScheme::ecdsa_sha384);
        } catch (const Error& error) {
          unavailable += error.error_class() == ErrorClass::unavailable ? 1 : 0;
        }
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  CHECK(unavailable == 32);
  INFO(load.first_failure());
  CHECK(load.makes(200));
  CHECK(token.status().hanging_calls >= options.sessions);
  CHECK(token.status().hanging_calls <= 2 * options.sessions);
  const auto signs = shim.signs.load();
  CHECK_THAT(text_thrown_by([&] { sign(token, other, 20s, SignatureScheme::ecdsa_sha384); }),
             Contains("do not come back") && Contains("ca-2"));
  load.stop();
  CHECK(load.failed == 0);
  CHECK(signs <= shim.signs);
  shim.hang_sign = 0;
  CHECK(eventually([&] { return token.status().hanging_calls == 0; }));
  CHECK_NOTHROW(sign(token, other, 20s, SignatureScheme::ecdsa_sha384));
}

TEST_CASE("hanging: the connection is made anew around a call that hangs", "[pkcs11][I16][I19]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const auto root_options = options_of(hsm, hsm.add_token("root"));
  const auto modules = pkcs11::make_module_set();
  Token token{options, modules};
  Token root{root_options, modules};
  const Uri key = Uri::parse(token.generate_key("ca-1", KeyType::ec_p256, soon()).uri);
  const Uri other = Uri::parse(token.generate_key("ca-2", KeyType::ec_p384, soon()).uri);
  const auto root_key = root.generate_key("root-1", KeyType::ec_p256, soon());
  shim.hang_sign = kSha384Bytes;
  CHECK(class_thrown_by([&] { sign(token, other, 2s, SignatureScheme::ecdsa_sha384); }) ==
        ErrorClass::unavailable);
  Load load{root, root_key, 2};
  {
    const OtherUser user{options};
    REQUIRE(user.session().functions->C_Logout(user.session().handle) == CKR_OK);
  }
  CHECK(eventually([&] { return token.status().reconnects == 1; }));
  CHECK_NOTHROW(sign(token, key, 20s));
  CHECK(token.status().hanging_calls == 1);
  INFO(load.first_failure());
  CHECK(load.makes(100));
  load.stop();
  CHECK(load.failed == 0);
  CHECK(root.status().reconnects == 0);
  shim.hang_sign = 0;
  CHECK(eventually([&] { return token.status().hanging_calls == 0; }));
}

TEST_CASE("hanging: a probe that never comes back ends the connection and not the process", "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  auto options = options_of(hsm, hsm.add_token("issuing"));
  options.drain_limit = 300ms;
  auto token = std::make_unique<Token>(options);
  REQUIRE(token->wait_until_up(soon()));
  shim.hang_token_info = 1;
  CHECK(eventually([&] { return token->status().state != TokenState::up; }));
  CHECK_THAT(token->status().last_error, Contains("does not come back"));
  shim.hang_token_info = 0;
  CHECK(token->wait_until_up(soon()));
  shim.hang_token_info = 1;
  REQUIRE(eventually([&] { return token->status().state != TokenState::up; }));
  const auto start = std::chrono::steady_clock::now();
  token.reset();
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  shim.hang_token_info = 0;
  CHECK(eventually([&] { return is_unloaded(hsm); }));
}

TEST_CASE("end: a call that hangs in the module does not hold the end of the token", "[pkcs11][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  auto options = options_of(hsm, hsm.add_token("issuing"));
  options.drain_limit = 300ms;
  const auto modules = pkcs11::make_module_set();
  auto token = std::make_unique<Token>(options, modules);
  const Uri key = Uri::parse(token->generate_key("ca-1", KeyType::ec_p256, soon()).uri);
  shim.hang_sign = 1;
  CHECK(class_thrown_by([&] { sign(*token, key, 2s); }) == ErrorClass::unavailable);
  CHECK(shim.hanging == 1);
  const auto start = std::chrono::steady_clock::now();
  token.reset();
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  CHECK_FALSE(is_unloaded(hsm));  // the call stands in its code
  CHECK(pkcs11::calls_inside(*modules) == 1);
  shim.hang_sign = 0;
  CHECK(eventually([&] { return is_unloaded(hsm); }));
  CHECK(pkcs11::calls_inside(*modules) == 0);
}
