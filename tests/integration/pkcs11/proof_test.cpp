#include "pkcs11/proof.hpp"

#include <map>

#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

namespace {

std::map<std::string, pkcs11::DoctorStep> by_name(const std::vector<pkcs11::DoctorStep>& steps) {
  std::map<std::string, pkcs11::DoctorStep> named;
  for (const auto& step : steps) {
    named.emplace(step.what, step);
  }
  return named;
}

Uri make_strict_key(const pkcs11::TokenOptions& options, KeyType type) {
  Token token{options};
  return Uri::parse(token.generate_key("ca-1", type, soon()).uri);
}

}  // namespace

TEST_CASE("proof: a strict key cannot be read, wrapped or copied, and signs", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const auto type = GENERATE(KeyType::ec_p384, KeyType::rsa_2048, KeyType::ed25519);
  const auto steps = by_name(pkcs11::prove_key(options, make_strict_key(options, type)));
  REQUIRE(steps.size() == 7);
  for (const auto& [what, step] : steps) {
    INFO(what << ": " << step.detail);
    CHECK(step.ok);
  }
  CHECK_THAT(steps.at("read").detail, Contains("CKR_ATTRIBUTE_SENSITIVE"));
  CHECK_THAT(steps.at("wrap").detail, Contains("CKR_KEY_UNEXTRACTABLE"));
  if (type == KeyType::rsa_2048) {
    CHECK_THAT(steps.at("read").detail, Contains("CKA_PRIVATE_EXPONENT") && Contains("CKA_PRIME_1"));
  }
}

TEST_CASE("proof: a key that can be read and wrapped fails both trials by name", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const Uri weak = make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true);
  });
  const auto steps = by_name(pkcs11::prove_key(options, weak));
  CHECK_THAT(steps.at("attributes").detail, Contains("CKA_SENSITIVE is false"));
  CHECK_THAT(steps.at("read").detail, Contains("gave out CKA_VALUE"));
  CHECK_THAT(steps.at("wrap").detail, Contains("wrapped the key for export"));
  for (const char* what : {"attributes", "read", "wrap"}) {
    CHECK_FALSE(steps.at(what).ok);
    CHECK_FALSE(steps.at(what).hint.empty());
  }
  CHECK(steps.at("sign").ok);
}

TEST_CASE("proof: a key of which an extractable copy can be made fails", "[pkcs11][I14]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const Uri weak = make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
    attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true);
  });
  const auto steps = by_name(pkcs11::prove_key(options, weak));
  CHECK_FALSE(steps.at("copy").ok);
  CHECK_THAT(steps.at("copy").detail, Contains("extractable copy"));
}

TEST_CASE("proof: a signature that does not verify fails, and the other trials are made all the same",
          "[pkcs11][I4]") {
  SoftHsm hsm;
  auto& shim = hsm.with_shim();
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const Uri key = make_strict_key(options, KeyType::ec_p256);
  shim.corrupt_signature = 1;
  const auto steps = by_name(pkcs11::prove_key(options, key));
  CHECK_FALSE(steps.at("sign").ok);
  CHECK(steps.at("wrap").ok);
  CHECK(shim.sessions == 0);
}

TEST_CASE("proof: without a key nothing is tried", "[pkcs11]") {
  SoftHsm hsm;
  const auto options = options_of(hsm, hsm.add_token("issuing"));
  const auto steps = pkcs11::prove_key(options, Uri::parse("pkcs11:object=nobody"));
  REQUIRE(steps.size() == 2);
  CHECK_FALSE(steps.back().ok);
}
