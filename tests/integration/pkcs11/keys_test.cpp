#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

struct Case {
  KeyType type;
  std::vector<SignatureScheme> schemes;
};

const std::vector<SignatureScheme> kEcdsa{SignatureScheme::ecdsa_sha256, SignatureScheme::ecdsa_sha384,
                                          SignatureScheme::ecdsa_sha512};
const std::vector<SignatureScheme> kRsa{SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pkcs1_sha384,
                                        SignatureScheme::rsa_pkcs1_sha512};

}  // namespace

TEST_CASE("token: keys of every type are generated and OpenSSL verifies their signatures", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  REQUIRE(token.wait_until_up(soon()));
  const std::vector<Case> cases{{KeyType::ec_p256, kEcdsa},
                                {KeyType::ec_p384, kEcdsa},
                                {KeyType::ec_p521, kEcdsa},
                                {KeyType::rsa_2048, kRsa},
                                {KeyType::rsa_3072, kRsa},
                                {KeyType::rsa_4096, kRsa},
                                {KeyType::ed25519, {SignatureScheme::eddsa}}};
  for (const Case& each : cases) {
    const std::string label{pkcs11::name_of(each.type)};
    INFO(label);
    const auto key = token.generate_key(label, each.type, in(60s));
    const Uri uri = Uri::parse(key.uri);
    CHECK(uri.token == "issuing");
    CHECK(uri.object == label);
    CHECK(uri.type == "private");
    CHECK(token.public_key(uri, soon()) == key.spki_der);
    std::optional<ForgivenLeaks> forgiven;
    if (each.type == KeyType::ed25519) {
      forgiven.emplace();
    }
    for (const SignatureScheme scheme : each.schemes) {
      INFO(pkcs11::name_of(scheme));
      const Bytes message = bytes("to be signed");
      const Bytes signature = token.sign(uri, scheme, message, soon());
      CHECK(pkcs11::verifies(key.spki_der, scheme, message, signature));
      CHECK_FALSE(pkcs11::verifies(key.spki_der, scheme, bytes("to be signeD"), signature));
    }
    CHECK_NOTHROW(token.audit(uri, key.spki_der, soon()));
  }
}

TEST_CASE("token: a generated key can sign and nothing else and never leaves", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_2048, KeyType::ed25519}) {
    const std::string label{pkcs11::name_of(type)};
    INFO(label);
    const auto key = token.generate_key(label, type, in(60s));
    const auto has = token.attributes(Uri::parse(key.uri), soon());
    CHECK(has.token == true);
    CHECK(has.private_ == true);
    CHECK(has.sensitive == true);
    CHECK(has.extractable == false);
    CHECK(has.always_sensitive == true);
    CHECK(has.never_extractable == true);
    CHECK(has.local == true);
    CHECK(has.sign == true);
    CHECK(has.decrypt == false);
    CHECK(has.unwrap == false);
    CHECK(has.derive == false);
    CHECK(has.modifiable == false);
    CHECK(has.key_type == label);
    CHECK_FALSE(pkcs11::weakness_of(has));
  }
}

TEST_CASE("token: a label is used once and is found again", "[pkcs11][I12]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  CHECK_FALSE(token.find_key("ca 1;=%", soon()));
  const auto key = token.generate_key("ca 1;=%", KeyType::ec_p256, soon());
  CHECK(class_thrown_by([&] {
          static_cast<void>(token.generate_key("ca 1;=%", KeyType::rsa_2048, soon()));
        }) == ErrorClass::label_exists);
  const auto found = token.find_key("ca 1;=%", soon());
  REQUIRE(found);
  CHECK(found->uri == key.uri);
  CHECK(found->spki_der == key.spki_der);
  CHECK(class_thrown_by([&] { static_cast<void>(token.generate_key("", KeyType::ec_p256, soon())); }) ==
        ErrorClass::bad_request);
}

TEST_CASE("token: a token that does not know CKA_COPYABLE still makes a key", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  shim.refuse_copyable = 1;
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto has = token.attributes(Uri::parse(key.uri), soon());
  CHECK(has.extractable == false);
  CHECK(has.modifiable == false);
}

TEST_CASE("token: a key whose creation was answered by a lost device is taken up and not made twice",
          "[pkcs11][I12]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  REQUIRE(token.wait_until_up(soon()));
  shim.generate_then_fail = 1;
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto found = token.find_key("ca-1", soon());  // throws when two keys have the label
  REQUIRE(found);
  CHECK(found->spki_der == key.spki_der);
  CHECK_NOTHROW(token.audit(Uri::parse(key.uri), key.spki_der, soon()));
}

TEST_CASE("token: a missing key is named and is no reason to wait", "[pkcs11]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  REQUIRE(token.wait_until_up(soon()));
  const auto sign = [&](const std::string& uri) {
    static_cast<void>(token.sign(Uri::parse(uri), SignatureScheme::ecdsa_sha256, bytes("x"), soon()));
  };
  CHECK(class_thrown_by([&] { sign("pkcs11:object=nobody"); }) == ErrorClass::key_missing);
  CHECK_THAT(text_thrown_by([&] { sign("pkcs11:object=nobody"); }), Contains("object=nobody"));
  CHECK(class_thrown_by([&] { sign("pkcs11:token=issuing"); }) == ErrorClass::bad_request);
  CHECK(class_thrown_by([&] { sign("pkcs11:object=nobody;type=public"); }) == ErrorClass::bad_request);
  CHECK(class_thrown_by([&] { sign("pkcs11:token=other;object=nobody"); }) == ErrorClass::bad_request);
  CHECK(token.status().reconnects == 0);
}

TEST_CASE("token: a scheme that does not fit the key is refused before the token is asked", "[pkcs11]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  CHECK(class_thrown_by([&] {
          static_cast<void>(
              token.sign(Uri::parse(key.uri), SignatureScheme::rsa_pkcs1_sha256, bytes("x"), soon()));
        }) == ErrorClass::bad_request);
  CHECK(shim.sign_inits == 0);
}

TEST_CASE("token: sixteen threads sign at once", "[pkcs11][I16]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  Token token{options_of(hsm, files)};
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  Load load{token, key, 16};
  CHECK(load.makes(800));
  load.stop();
  INFO(load.first_failure());
  CHECK(load.failed == 0);
  CHECK(token.status().sessions_open <= 17);
  CHECK(token.status().sessions_in_use == 0);
  CHECK(token.status().signatures == load.good);
}
