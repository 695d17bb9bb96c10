#include "pkcs11/token_setup.hpp"

#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

pkcs11::Pin pin_of(const std::string& text) { return pkcs11::Pin{bytes(text)}; }

}  // namespace

TEST_CASE("token setup: a fresh token gets its label and PINs, and works", "[pkcs11][ceremony]") {
  SoftHsm hsm;
  const std::string secret = "a-user-pin-of-the-machine's-making";
  const auto slot = pkcs11::initialise_token(hsm.module(), {.label = "root", .place = {}},
                                             pin_of("the-security-officer"), pin_of(secret));
  CHECK(slot.initialized);
  CHECK(slot.user_pin_set);
  CHECK(slot.label == "root");
  const auto file = hsm.folder() / "root.pin";
  SoftHsm::write_pin(file, secret);
  Token token{options_of(hsm, {"root", secret, file})};
  CHECK_NOTHROW(token.generate_key("ca-1", KeyType::ec_p256, soon()));
}

TEST_CASE("token setup: a token that is there is never initialised again", "[pkcs11][ceremony]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("root");
  {
    Token token{options_of(hsm, files)};
    static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon()));
  }
  const auto again = [&](const std::string& label, const Uri& place) {
    static_cast<void>(pkcs11::initialise_token(hsm.module(), {.label = label, .place = place},
                                               pin_of("the-security-officer"), pin_of("a-new-user-pin")));
  };
  CHECK_THAT(text_thrown_by([&] { again("root", {}); }), Contains("'root' is there already"));
  Uri place;
  place.token = "root";
  CHECK_THAT(text_thrown_by([&] { again("other", place); }), Contains("no token without initialisation"));
  Token token{options_of(hsm, files)};
  CHECK(token.find_key("ca-1", soon()));
}

TEST_CASE("token setup: a PIN that the token does not take leaves it fresh", "[pkcs11][ceremony]") {
  SoftHsm hsm;
  const auto setup = [&](const std::string& pin) {
    static_cast<void>(pkcs11::initialise_token(hsm.module(), {.label = "root", .place = {}},
                                               pin_of("the-security-officer"), pin_of(pin)));
  };
  CHECK_THAT(text_thrown_by([&] { setup("abc"); }), Contains("takes PINs of 4 to 255"));
  for (const auto& slot : pkcs11::list_slots(hsm.module())) {
    CHECK_FALSE(slot.initialized);
  }
  CHECK_NOTHROW(setup("long enough"));
}
