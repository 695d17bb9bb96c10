#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

Bytes other_spki(Token& token) { return token.generate_key("other", KeyType::ec_p256, soon()).spki_der; }

void sign(Token& token, const Uri& key, std::chrono::milliseconds within = 20s) {
  static_cast<void>(token.sign(key, SignatureScheme::ecdsa_sha256, bytes("x"), in(within)));
}

}  // namespace

TEST_CASE("audit: an extractable key is refused by name and signs nothing while others do", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  const auto options = options_of(hsm, files);
  const Uri weak = make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, true);
  });
  Token token{options};
  const auto good = token.generate_key("good", KeyType::ec_p256, soon());
  const Bytes weak_spki = token.public_key(weak, soon());
  CHECK(class_thrown_by([&] { token.audit(weak, weak_spki, soon()); }) == ErrorClass::key_refused);
  CHECK_THAT(text_thrown_by([&] { token.audit(weak, weak_spki, soon()); }),
             Contains("CKA_EXTRACTABLE is true"));
  CHECK(class_thrown_by([&] { sign(token, weak); }) == ErrorClass::key_refused);
  SECTION("under another URI too") {
    Uri by_id;
    by_id.id = bytes("weak");
    CHECK(class_thrown_by([&] { sign(token, by_id); }) == ErrorClass::key_refused);
  }
  CHECK_NOTHROW(sign(token, Uri::parse(good.uri)));
  CHECK(token.status().refused_keys.size() == 1);
}

TEST_CASE("audit: a key that is not sensitive is refused by name", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  const auto options = options_of(hsm, files);
  const Uri weak = make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, false);
  });
  Token token{options};
  const Bytes spki = token.public_key(weak, soon());
  CHECK_THAT(text_thrown_by([&] { token.audit(weak, spki, soon()); }), Contains("CKA_SENSITIVE is false"));
}

TEST_CASE("audit: a key under which the expected public key does not verify is refused", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const Uri uri = Uri::parse(key.uri);
  const Bytes other = other_spki(token);
  CHECK(class_thrown_by([&] { token.audit(uri, other, soon()); }) == ErrorClass::key_refused);
  CHECK(class_thrown_by([&] { sign(token, uri); }) == ErrorClass::key_refused);
  CHECK_NOTHROW(token.audit(uri, key.spki_der, soon()));
  CHECK_NOTHROW(sign(token, uri));
}

TEST_CASE("audit: a corrupt trial signature stops the key until a good one", "[pkcs11][I4][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const Uri uri = Uri::parse(key.uri);
  CHECK_NOTHROW(token.audit(uri, key.spki_der, soon()));
  shim.corrupt_signature = 1;
  CHECK(class_thrown_by([&] { token.audit(uri, key.spki_der, soon()); }) == ErrorClass::key_refused);
  CHECK(class_thrown_by([&] { sign(token, uri); }) == ErrorClass::key_refused);
  shim.corrupt_signature = 0;
  CHECK_NOTHROW(token.audit(uri, key.spki_der, soon()));
  CHECK_NOTHROW(sign(token, uri));
}

TEST_CASE("audit: it is repeated at each reconnect", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto spare = token.generate_key("ca-2", KeyType::ec_p256, soon());
  const Uri uri = Uri::parse(key.uri);
  token.audit(uri, key.spki_der, soon());
  sign(token, uri);
  shim.corrupt_signature = 1;
  shim.gone = CKR_DEVICE_REMOVED;
  REQUIRE(eventually([&] { return token.status().state != TokenState::up; }));
  shim.gone = 0;
  REQUIRE(token.wait_until_up(soon()));
  CHECK(class_thrown_by([&] { sign(token, uri); }) == ErrorClass::key_refused);
  CHECK_NOTHROW(sign(token, Uri::parse(spare.uri)));
}

TEST_CASE("audit: it is repeated at its interval and a key that passes again signs again", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  auto options = options_of(hsm, files);
  options.audit_interval = 1s;
  Token token{options};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const Uri uri = Uri::parse(key.uri);
  token.audit(uri, key.spki_der, soon());
  shim.corrupt_signature = 1;
  REQUIRE(eventually([&] { return token.status().refused_keys.size() == 1; }));
  shim.corrupt_signature = 0;
  REQUIRE(eventually([&] { return token.status().refused_keys.empty(); }));
  CHECK_NOTHROW(sign(token, uri));
  CHECK(token.status().reconnects == 0);
}

TEST_CASE("audit: a key that is expected to pass one signs nothing before", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const Uri weak = make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, true);
  });
  Token token{options};
  const auto good = token.generate_key("good", KeyType::ec_p256, soon());
  token.expect(weak, token.public_key(weak, soon()));
  token.expect(Uri::parse(good.uri), good.spki_der);
  CHECK(class_thrown_by([&] { sign(token, weak); }) == ErrorClass::key_refused);
  CHECK(token.standing(weak).state == pkcs11::KeyStanding::State::refused);
  CHECK_NOTHROW(sign(token, Uri::parse(good.uri)));
  CHECK(token.standing(Uri::parse(good.uri)).state == pkcs11::KeyStanding::State::passed);
  CHECK(shim.signs == 2);  // the trial and the signature of the good one
}

TEST_CASE("audit: after a reconnect nothing is signed while the audit cannot be made", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const Uri uri = Uri::parse(key.uri);
  Uri by_label;
  by_label.object = "ca-1";
  token.audit(uri, key.spki_der, soon());
  sign(token, by_label);  // found in the old connection
  const auto epoch = token.status().epoch;
  shim.throttle_audits = 1;
  shim.gone = CKR_DEVICE_REMOVED;
  REQUIRE(eventually([&] { return token.status().state != TokenState::up; }));
  const auto signs = shim.signs.load();
  shim.gone = 0;
  REQUIRE(eventually([&] { return token.status().state == TokenState::up && token.status().epoch > epoch; }));
  CHECK(class_thrown_by([&] { sign(token, uri, 300ms); }) == ErrorClass::unavailable);
  CHECK(class_thrown_by([&] { sign(token, by_label, 300ms); }) == ErrorClass::unavailable);
  CHECK(shim.signs == signs);
  CHECK(token.status().refused_keys.empty());
  shim.throttle_audits = 0;
  CHECK_NOTHROW(sign(token, by_label));
  CHECK_NOTHROW(sign(token, uri));
}

TEST_CASE("audit: a key that is not there is missing and the token stays up", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  CHECK(class_thrown_by([&] { token.audit(Uri::parse("pkcs11:object=none"), key.spki_der, soon()); }) ==
        ErrorClass::key_missing);
  CHECK_NOTHROW(sign(token, Uri::parse(key.uri)));
}
