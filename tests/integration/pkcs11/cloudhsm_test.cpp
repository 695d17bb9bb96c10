// The ways of AWS CloudHSM that are known, as the shim has them (tests/fault/shim/vendor.cpp). What only the
// real one can show is not here.
#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

constexpr const char* kCryptoUser = "CU_issuing:a-long-password-of-the-crypto-u";

pkcs11::TokenOptions cloudhsm(SoftHsm& hsm, ShimControl& shim) {
  shim.vendor = test::kCloudHsm;
  return options_of(hsm, hsm.add_token("issuing", kCryptoUser));
}

}  // namespace

TEST_CASE("cloudhsm: keys are made, audited and signed with by what it has", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{cloudhsm(hsm, shim)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto attributes = token.attributes(Uri::parse(key.uri), soon());
  CHECK(attributes.extractable == false);
  CHECK(attributes.sensitive == true);
  CHECK_FALSE(attributes.copyable);  // not told
  CHECK_FALSE(attributes.always_authenticate);
  CHECK_NOTHROW(token.audit(Uri::parse(key.uri), key.spki_der, soon()));
  CHECK(token.find_key("ca-1", soon()));
  Load load{token, key, 8};
  CHECK(load.makes(200));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(shim.read_only_refused == 0);
  CHECK(shim.setup_refused == 0);
  CHECK(shim.logins == 1);
}

TEST_CASE("cloudhsm: a busy cluster is asked again later, on the same connection", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  shim.throttle_rv = GENERATE(CK_RV{CKR_FUNCTION_FAILED}, CK_RV{CKR_DEVICE_MEMORY});
  shim.capacity_per_s = 400;
  shim.queue_limit_us = 10'000;
  Token token{cloudhsm(hsm, shim)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  Load load{token, key, 16};
  CHECK(load.makes(400));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(shim.throttled > 0);
  CHECK(token.status().reconnects == 0);
  CHECK(shim.logins == 1);
}

TEST_CASE("cloudhsm: a PIN without its crypto user is tried once", "[pkcs11][I18]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = cloudhsm(hsm, shim);
  SoftHsm::write_pin(hsm.folder() / "issuing.pin", "a-long-password-of-the-crypto-u");
  Token token{options};
  CHECK_FALSE(token.wait_until_up(soon()));
  CHECK(token.status().state == TokenState::sealed);
  CHECK(shim.logins == 1);
}

TEST_CASE("cloudhsm: a key whose maker forgot to forbid its extraction is refused", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = cloudhsm(hsm, shim);
  const Uri uri = make_raw_key(options, "forgotten", [](pkcs11::Template& closed) {
    closed.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true);
  });
  Token token{options};
  const Bytes spki = token.public_key(uri, soon());
  CHECK(class_thrown_by([&] { token.audit(uri, spki, soon()); }) == ErrorClass::key_refused);
  CHECK_THAT(text_thrown_by([&] { token.audit(uri, spki, soon()); }), Contains("CKA_EXTRACTABLE is true"));
}

TEST_CASE("cloudhsm: the emulation refuses what the HSM does not have", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = cloudhsm(hsm, shim);
  Token token{options};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const OtherUser user{options};
  auto* functions = user.session().functions;
  const auto slot = pkcs11::select_slot(functions, options.uri).slot_id;
  CK_SESSION_HANDLE session = 0;
  CHECK(functions->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session) ==
        CKR_FUNCTION_FAILED);
  CHECK(functions->C_InitToken(slot, nullptr, 0, nullptr) == CKR_FUNCTION_NOT_SUPPORTED);
  CHECK(functions->C_SetPIN(user.session().handle, nullptr, 0, nullptr, 0) == CKR_FUNCTION_NOT_SUPPORTED);
  const auto found = pkcs11::find_private_key(user.session(), Uri::parse(key.uri));
  REQUIRE(found);
  CK_BBOOL value = CK_FALSE;
  CK_ATTRIBUTE copyable{CKA_COPYABLE, &value, sizeof value};
  CHECK(functions->C_GetAttributeValue(user.session().handle, found->handle, &copyable, 1) ==
        CKR_ATTRIBUTE_TYPE_INVALID);
  CHECK(shim.read_only_refused == 1);
  CHECK(shim.setup_refused == 2);
}
