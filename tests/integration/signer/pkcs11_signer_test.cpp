#include "ca/signer/pkcs11_signer.hpp"

#include "ca/base/hex.hpp"
#include "ca/lint/lint.hpp"
#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;
using Verdict = ca::KeyVerdict::State;

namespace {

// P-256 with the base point of the curve as its key.
constexpr const char* kBasePointSpki =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4"
    "a13945d898c2"
    "964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

ca::ToBeSigned message_of(const ca::SigningKey& key) {
  return ca::lint_certification_request(ca::DistinguishedName{}, key.public_key.spki_der(),
                                        ca::SigningAlgorithm::sha256_with_ecdsa, {});
}

template <typename Call>
ca::Code code_thrown_by(Call call) {
  try {
    call();
  } catch (const ca::Error& error) {
    INFO(error.what());
    return error.code();
  }
  FAIL("nothing was thrown");
  return ca::Code::internal;
}

// One token, the signer over it, and keys that it made.
struct World {
  explicit World(const pkcs11::TokenOptions& options) : token{options} {}

  [[nodiscard]] ca::SigningKey key(const std::string& label) {
    const auto made = signer.generate("issuing", label, ca::KeyAlgorithm::ec_p256, soon());
    return {made.uri, ca::PublicKey::parse(made.spki_der)};
  }
  void sign(const ca::SigningKey& with) { (void)signer.sign(with, message_of(with), soon()); }

  Token token;
  ca::Pkcs11Signer signer{{{"issuing", &token}}};
};

ca::SigningKey by_label(const ca::SigningKey& key, const std::string& label) {
  return {"pkcs11:token=issuing;object=" + label, key.public_key};
}

}  // namespace

TEST_CASE("signer: every class of the token layer's failures has one outcome", "[signer][I16]") {
  const std::vector<std::pair<ErrorClass, ca::Code>> table{
      {ErrorClass::retry_session, ca::Code::unavailable},
      {ErrorClass::relogin, ca::Code::unavailable},
      {ErrorClass::reconnect, ca::Code::unavailable},
      {ErrorClass::busy, ca::Code::unavailable},
      {ErrorClass::unavailable, ca::Code::unavailable},
      {ErrorClass::wrong_pin, ca::Code::unavailable},
      {ErrorClass::fatal_config, ca::Code::unavailable},
      {ErrorClass::bad_request, ca::Code::request_failed},
      {ErrorClass::label_exists, ca::Code::request_failed},
      {ErrorClass::key_missing, ca::Code::key_unusable},
      {ErrorClass::key_refused, ca::Code::key_unusable},
  };
  for (const auto& [error_class, code] : table) {
    INFO(pkcs11::name_of(error_class));
    CHECK(ca::name_of(ca::code_of(error_class)) == ca::name_of(code));
  }
}

TEST_CASE("signer: what it returns verifies, and an audited key is usable", "[signer][I4][I14]") {
  SoftHsm hsm;
  World world{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = world.key("a");
  CHECK(world.signer.verdict(key).state == Verdict::unknown);
  world.signer.audit(key, soon());
  CHECK(world.signer.verdict(key).state == Verdict::usable);
  const auto message = message_of(key);
  const auto signature = world.signer.sign(key, message, soon());
  CHECK(key.public_key.verify(message.algorithm(), message.der(), signature));
}

TEST_CASE("signer: a key is not blamed for another whose name begins like it", "[signer][I14]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const auto extractable = [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, true);
  };
  const Uri weak_uri = make_raw_key(options, "ab", extractable);
  World world{options};
  const auto good = by_label(world.key("a"), "a");
  const ca::SigningKey weak{weak_uri.text(), ca::PublicKey::parse(world.token.public_key(weak_uri, soon()))};
  world.signer.audit(good, soon());
  CHECK(code_thrown_by([&] { world.signer.audit(weak, soon()); }) == ca::Code::key_unusable);

  CHECK(world.signer.verdict(good).state == Verdict::usable);
  CHECK(world.signer.verdict(weak).state == Verdict::unusable);
  CHECK_THAT(world.signer.verdict(weak).detail, Contains("CKA_EXTRACTABLE is true"));
  CHECK_NOTHROW(world.sign(good));
  CHECK(code_thrown_by([&] { world.sign(weak); }) == ca::Code::key_unusable);
  const auto refused = world.token.status().refused_keys;
  REQUIRE(refused.size() == 1);
  CHECK(refused.front().uri == weak.uri);
  CHECK_THAT(refused.front().reason, Contains("CKA_EXTRACTABLE is true"));
}

TEST_CASE("signer: nobody needs to audit first, the signature does", "[signer][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const Uri weak_uri = make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, true);
  });
  World world{options};
  const ca::SigningKey weak{weak_uri.text(), ca::PublicKey::parse(world.token.public_key(weak_uri, soon()))};
  CHECK(code_thrown_by([&] { world.sign(weak); }) == ca::Code::key_unusable);
  CHECK(shim.signs == 0);
}

TEST_CASE("signer: a key that no audit has judged in this connection is not called usable", "[signer][I14]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  World world{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = world.key("a");
  const auto never_audited = world.key("b");
  world.signer.audit(key, soon());
  CHECK(world.signer.verdict(never_audited).state == Verdict::unknown);
  shim.gone = CKR_DEVICE_REMOVED;
  CHECK(eventually([&] { return world.signer.verdict(key).state == Verdict::unknown; }));
  shim.gone = 0;
  CHECK(eventually([&] { return world.signer.verdict(key).state == Verdict::usable; }));
}

TEST_CASE("signer: a signature that does not verify does not come out and stops the key", "[signer][I4]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  World world{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = world.key("a");
  const auto other = world.key("b");
  world.signer.audit(key, soon());
  shim.corrupt_signature = 1;
  CHECK(code_thrown_by([&] { world.sign(key); }) == ca::Code::signature_check_failed);
  shim.corrupt_signature = 0;

  CHECK(code_thrown_by([&] { world.sign(key); }) == ca::Code::key_unusable);
  CHECK(code_thrown_by([&] { world.signer.audit(key, soon()); }) == ca::Code::key_unusable);
  CHECK(world.signer.verdict(key).state == Verdict::unusable);
  auto respelled = key;
  respelled.uri.replace(respelled.uri.find("object=a"), 8, "object=%61");
  CHECK(code_thrown_by([&] { world.sign(respelled); }) == ca::Code::key_unusable);
  CHECK_NOTHROW(world.sign(other));
}

TEST_CASE("signer: a key is trusted again when it has rested and its trials verify, and not before",
          "[signer][I4]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  World world{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = world.key("a");
  const auto rest = std::chrono::milliseconds{0};
  world.signer.audit(key, soon());
  CHECK_FALSE(world.signer.trust_again(key, rest, soon()));  // nothing is held against it
  shim.corrupt_signature = 1;
  CHECK(code_thrown_by([&] { world.sign(key); }) == ca::Code::signature_check_failed);
  CHECK(world.signer.bad_signatures() == 1);
  CHECK(code_thrown_by([&] { (void)world.signer.trust_again(key, rest, soon()); }) == ca::Code::key_unusable);
  shim.corrupt_signature = 0;
  CHECK(code_thrown_by([&] { (void)world.signer.trust_again(key, std::chrono::hours{1}, soon()); }) ==
        ca::Code::key_unusable);
  CHECK(code_thrown_by([&] { world.sign(key); }) == ca::Code::key_unusable);

  CHECK(world.signer.trust_again(key, rest, soon()));
  CHECK_NOTHROW(world.sign(key));
  CHECK(world.signer.verdict(key).state == Verdict::usable);
  CHECK_FALSE(world.signer.trust_again(key, rest, soon()));
}

TEST_CASE("signer: nothing comes out under another public key than the authority's", "[signer][I4]") {
  SoftHsm hsm;
  World world{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = world.key("a");
  const auto other = world.key("b");
  const ca::SigningKey crossed{key.uri, other.public_key};
  const auto code = code_thrown_by([&] { world.sign(crossed); });
  CHECK((code == ca::Code::signature_check_failed || code == ca::Code::key_unusable));
  CHECK(world.signer.verdict(crossed).state == Verdict::unusable);
  CHECK_NOTHROW(world.sign(other));
}

TEST_CASE("signer: a token is away only when a reconnect would have brought it back", "[signer][I16]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  World world{options_of(hsm, hsm.add_token("issuing"))};
  const auto key = world.key("a");
  CHECK_FALSE(world.signer.is_away(key));
  shim.gone = CKR_DEVICE_REMOVED;
  REQUIRE(eventually([&] { return world.token.status().down_since.has_value(); }));
  const auto since = *world.token.status().down_since;
  if (world.signer.is_away(key)) {  // it had its time when this test did not run for a while
    CHECK(std::chrono::steady_clock::now() - since > 1s);
  }
  CHECK(eventually([&] { return world.signer.is_away(key); }));
  CHECK(std::chrono::steady_clock::now() - since > 1s);
  CHECK(world.token.status().down_since == since);
  shim.gone = 0;
  CHECK(eventually([&] { return !world.signer.is_away(key); }));
  CHECK_FALSE(world.token.status().down_since);
}

TEST_CASE("signer: a sealed token and a token that is not configured are away at once", "[signer][I16]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  SoftHsm::write_pin(files.pin_file, "not-the-pin");
  World world{options_of(hsm, files)};
  CHECK_FALSE(world.token.wait_until_up(soon()));
  const auto public_key = ca::PublicKey::parse(ca::from_hex(kBasePointSpki));
  CHECK(world.signer.is_away({"pkcs11:token=issuing;object=a", public_key}));
  const ca::SigningKey elsewhere{"pkcs11:token=other;object=a", public_key};
  CHECK(world.signer.is_away(elsewhere));
  CHECK(world.signer.verdict(elsewhere).state == Verdict::unusable);
  CHECK(code_thrown_by([&] { world.signer.audit(elsewhere, soon()); }) == ca::Code::key_unusable);
}
