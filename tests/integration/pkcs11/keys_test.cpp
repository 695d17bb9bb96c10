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

enum class Leftover { public_only, private_only, weak };

// What a process that died while it made a key leaves on the token; before any Token uses the module.
void leave_behind(const pkcs11::TokenOptions& options, const std::string& label, Leftover what) {
  const Bytes id = pkcs11::new_key_id(label);
  if (what == Leftover::weak) {
    static_cast<void>(make_raw_key(
        options, label,
        [](pkcs11::Template& attributes) {
          attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, false);
        },
        id));
    return;
  }
  pkcs11::PinGuard guard;
  pkcs11::Counters counters;
  const auto use = pkcs11::ModuleSet{}.module(*options.uri.module_path)->enter_loaded(soon());
  const auto connection = pkcs11::connect_token(use, options, guard, counters);
  const pkcs11::Session session{use.functions(), connection.anchor};
  static_cast<void>(pkcs11::generate_pair(session, options.name, label, id, KeyType::ec_p256));
  pkcs11::Template other_half;
  other_half.number(CKA_CLASS, what == Leftover::public_only ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY)
      .bytes(CKA_ID, id);
  const auto found = pkcs11::find_objects(session, std::move(other_half));
  REQUIRE(found.size() == 1);
  REQUIRE(use.functions()->C_DestroyObject(session.handle, found.front()) == CKR_OK);
}

// Beside the token that is up: the login is the process's.
std::size_t objects_labelled(const pkcs11::TokenOptions& options, const std::string& label) {
  const OtherUser other{options};
  pkcs11::Template wanted;
  wanted.bytes(CKA_LABEL, bytes(label));
  return pkcs11::find_objects(other.session(), std::move(wanted), 100).size();
}

}  // namespace

TEST_CASE("token: keys of every type are generated and OpenSSL verifies their signatures", "[pkcs11][I14]") {
  SoftHsm hsm;
  static_cast<void>(hsm.with_shim());  // it forgives SoftHSM a leak
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

TEST_CASE("token: of what a token does not take in a template no more is given up", "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  Token token{options_of(hsm, hsm.add_token("issuing"))};
  const std::uint64_t all = (1U << std::size(test::kAskable)) - 1;
  const auto asked_without = [&](CK_ATTRIBUTE_TYPE one, CK_ATTRIBUTE_TYPE other) {
    shim.refuse_attribute = one;
    shim.refuse_another = other;
    const auto key =
        token.generate_key("ca-" + std::to_string(one) + std::to_string(other), KeyType::ec_p256, soon());
    const auto has = token.attributes(Uri::parse(key.uri), soon());
    CHECK(has.copyable == (one == CKA_COPYABLE || other == CKA_COPYABLE));
    CHECK(has.modifiable == (one == CKA_MODIFIABLE || other == CKA_MODIFIABLE));
    CHECK_FALSE(pkcs11::weakness_of_new(has));
    return shim.asked_last.load();
  };
  const auto bit = [](CK_ATTRIBUTE_TYPE type) {
    const auto* found = std::find(std::begin(test::kAskable), std::end(test::kAskable), type);
    return std::uint64_t{1} << (found - std::begin(test::kAskable));
  };
  CHECK(asked_without(0, 0) == all);
  for (const CK_ATTRIBUTE_TYPE one : {CKA_COPYABLE, CKA_SIGN_RECOVER, CKA_MODIFIABLE, CKA_DERIVE}) {
    INFO(one);
    CHECK(asked_without(one, 0) == all - bit(one));
  }
  CHECK(asked_without(CKA_COPYABLE, CKA_DERIVE) == all - bit(CKA_COPYABLE) - bit(CKA_DERIVE));
}

TEST_CASE("token: a key that came out good for more than signatures is refused and not left behind",
          "[pkcs11][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  Token token{options};
  REQUIRE(token.wait_until_up(soon()));
  const auto forced = GENERATE(CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE, CKA_EXTRACTABLE);
  shim.force_attribute = forced;
  CHECK(class_thrown_by([&] { static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon())); }) ==
        ErrorClass::key_refused);
  shim.force_attribute = 0;
  CHECK(objects_labelled(options, "ca-1") == 0);
  CHECK_NOTHROW(static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon())));
}

TEST_CASE("token: what an interrupted creation left is neither adopted nor in the way",
          "[pkcs11][I12][I19]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const auto left = GENERATE(Leftover::public_only, Leftover::private_only, Leftover::weak);
  leave_behind(options, "ca-1", left);
  Token token{options};
  REQUIRE(token.wait_until_up(soon()));
  const auto before = objects_labelled(options, "ca-1");
  CHECK_FALSE(token.find_key("ca-1", soon()));
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  const auto found = token.find_key("ca-1", soon());
  REQUIRE(found);
  CHECK(found->uri == key.uri);
  CHECK_NOTHROW(token.audit(Uri::parse(key.uri), key.spki_der, soon()));
  CHECK(objects_labelled(options, "ca-1") == before + 2);  // it is not for us to destroy
  CHECK(class_thrown_by([&] { static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon())); }) ==
        ErrorClass::label_exists);
}

TEST_CASE("token: keys of others keep their label and are not taken for ours", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  static_cast<void>(make_raw_key(options, "ca-1", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false);
  }));
  Token token{options};
  CHECK_FALSE(token.find_key("ca-1", soon()));
  CHECK(class_thrown_by([&] { static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon())); }) ==
        ErrorClass::label_exists);
  CHECK(objects_labelled(options, "ca-1") == 2);
}

TEST_CASE("token: a pair of which a lost device kept one half is made anew", "[pkcs11][I12]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  Token token{options};
  REQUIRE(token.wait_until_up(soon()));
  shim.lose_half = GENERATE(CKO_PUBLIC_KEY, CKO_PRIVATE_KEY);
  shim.generate_then_fail = 1;
  const auto key = token.generate_key("ca-1", KeyType::ec_p256, soon());
  CHECK_NOTHROW(token.audit(Uri::parse(key.uri), key.spki_der, soon()));
  CHECK(objects_labelled(options, "ca-1") == 2);
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
