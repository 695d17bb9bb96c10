#include "pkcs11/key.hpp"

#include <functional>

#include "pkcs11/slot.hpp"
#include "tests/support/catch.hpp"

using pkcs11::KeyAttributes;

namespace {

KeyAttributes strict() {
  KeyAttributes has;
  has.token = has.private_ = has.sensitive = has.always_sensitive = has.never_extractable = true;
  has.local = has.sign = true;
  has.extractable = false;
  return has;
}

}  // namespace

using Flag = std::optional<bool> KeyAttributes::*;

TEST_CASE("key: every weaker attribute is named and silence counts as weak where a token must tell",
          "[pkcs11][I14]") {
  struct Case {
    Flag flag;
    const char* name;
    bool weak;
    bool may_be_untold;
  };
  CHECK_FALSE(pkcs11::weakness_of(strict()));
  for (const Case& each : {Case{&KeyAttributes::token, "CKA_TOKEN", false, false},
                           Case{&KeyAttributes::private_, "CKA_PRIVATE", false, false},
                           Case{&KeyAttributes::sensitive, "CKA_SENSITIVE", false, false},
                           Case{&KeyAttributes::extractable, "CKA_EXTRACTABLE", true, false},
                           Case{&KeyAttributes::always_sensitive, "CKA_ALWAYS_SENSITIVE", false, true},
                           Case{&KeyAttributes::never_extractable, "CKA_NEVER_EXTRACTABLE", false, true},
                           Case{&KeyAttributes::local, "CKA_LOCAL", false, true},
                           Case{&KeyAttributes::sign, "CKA_SIGN", false, false}}) {
    INFO(each.name);
    KeyAttributes has = strict();
    has.*each.flag = each.weak;
    REQUIRE(pkcs11::weakness_of(has));
    CHECK_THAT(*pkcs11::weakness_of(has), Contains(each.name));
    has.*each.flag = std::nullopt;
    CHECK(pkcs11::weakness_of(has).has_value() != each.may_be_untold);
  }
}

TEST_CASE("key: a new one is good for signatures only, a key of others may be good for more",
          "[pkcs11][I14]") {
  CHECK_FALSE(pkcs11::weakness_of_new(strict()));
  for (const Flag flag : {&KeyAttributes::decrypt, &KeyAttributes::unwrap, &KeyAttributes::derive}) {
    KeyAttributes has = strict();
    has.*flag = true;
    CHECK(pkcs11::weakness_of_new(has));
    CHECK_FALSE(pkcs11::weakness_of(has));
  }
  for (const Flag flag :
       {&KeyAttributes::modifiable, &KeyAttributes::copyable, &KeyAttributes::sign_recover}) {
    KeyAttributes has = strict();
    has.*flag = true;
    CHECK_FALSE(pkcs11::weakness_of_new(has));
  }
  KeyAttributes weak = strict();
  weak.extractable = true;
  CHECK(pkcs11::weakness_of_new(weak));
}

TEST_CASE("slot: a token fits when every named attribute does", "[pkcs11]") {
  pkcs11::Slot slot;
  slot.slot_id = 3;
  slot.label = "issuing";
  slot.serial = "01";
  slot.manufacturer = "Acme";
  slot.model = "M";
  const auto fits = [&](const std::string& uri) { return pkcs11::matches(pkcs11::Uri::parse(uri), slot); };
  CHECK(fits("pkcs11:token=issuing"));
  CHECK(fits("pkcs11:token=issuing;serial=01;manufacturer=Acme;model=M;slot-id=3"));
  CHECK_FALSE(fits("pkcs11:token=issuin"));
  CHECK_FALSE(fits("pkcs11:token=issuing;serial=02"));
  CHECK_FALSE(fits("pkcs11:token=issuing;slot-id=4"));
}
