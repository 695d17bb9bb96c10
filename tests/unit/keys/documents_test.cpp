#include "daemon/keys/documents.hpp"

#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

using ca::Code;
using nlohmann::json;
using Key = ca::AuthorityService::Key;

namespace {

const std::string kArn =
    "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-4333-8444-555555555555";

Code refusal(const std::string& query) {
  CAPTURE(query);
  try {
    (void)keys::read_named(query);
  } catch (const ca::Error& error) {
    return error.code();
  }
  FAIL("accepted");
  return Code::internal;
}

}  // namespace

TEST_CASE("keys: the authority and the key are read from the query", "[keys]") {
  CHECK(keys::read_authority("authority=" + kArn).text() == kArn);
  const auto named = keys::read_named("number=12&authority=" + kArn);
  CHECK(named.authority.text() == kArn);
  CHECK(named.number == 12);
}

TEST_CASE("keys: what is missing, misspelt, there twice or no number is refused", "[keys][I16]") {
  for (const std::string& query :
       {std::string{}, "authority=" + kArn, std::string{"number=1"}, "authority=" + kArn + "&number=0",
        "authority=" + kArn + "&number=-1", "authority=" + kArn + "&number=1x",
        "authority=" + kArn + "&number=", "authority=" + kArn + "&number=1&number=2",
        "authority=" + kArn + "&number=99999999999999999999", "authority=" + kArn + "&Number=1",
        "authority=" + kArn + "&number=%", "authority=" + kArn + "&number=1%00"}) {
    CHECK(refusal(query) == Code::constraint_violation);
  }
  CHECK(refusal("authority=1&number=1") == Code::invalid_arn);
  CHECK_THROWS_AS(keys::read_authority("authority=" + kArn + "&number=1"), ca::Error);
  CHECK_THROWS_AS(keys::read_authority(""), ca::Error);
}

TEST_CASE("keys: the answer says of each key what an operator needs", "[keys]") {
  const auto authority = ca::AuthorityArn::parse(kArn);
  Key active{
      .state = Key::State::active,
      .generation = {.key_number = 1, .key_token = "issuing", .key_uri = "pkcs11:object=a", .spki_der = {1}},
      .verdict = {ca::KeyVerdict::State::usable, ""}};
  active.generation.certificate_pem = "PEM";
  active.generation.validity = ca::Validity{ca::Seconds{}, ca::Seconds{} + std::chrono::hours{24}};
  Key prepared{.state = Key::State::prepared, .generation = {.key_number = 2, .csr_der = {0x30, 0x00}}};
  prepared.verdict = {ca::KeyVerdict::State::unusable, "CKA_SENSITIVE is false"};
  Key retired{.state = Key::State::retired, .generation = {.key_number = 3}};
  retired.generation.retired_at = ca::TimePoint{std::chrono::seconds{86400}};
  const auto response = keys::keys_response(authority, {active, prepared, retired});
  CHECK(response.status == 200);
  const json document = json::parse(response.body).at("keys");
  REQUIRE(document.size() == 3);
  CHECK(document[0].at("state") == "ACTIVE");
  CHECK(document[0].at("name") == authority.id);
  CHECK(document[0].at("health") == "usable");
  CHECK(document[0].at("certificate") == "PEM");
  CHECK(document[0].at("not_after") == "1970-01-02T00:00:00Z");
  CHECK_FALSE(document[0].contains("csr"));
  CHECK_FALSE(document[0].contains("retired_at"));
  CHECK(document[1].at("state") == "PREPARED");
  CHECK(document[1].at("name") == authority.id + "-2");
  CHECK(document[1].at("health") == "not usable");
  CHECK(document[1].at("health_detail") == "CKA_SENSITIVE is false");
  CHECK(document[1].at("csr").get<std::string>().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
  CHECK_FALSE(document[1].contains("certificate"));
  CHECK(document[2].at("state") == "RETIRED");
  CHECK(document[2].at("retired_at") == "1970-01-02T00:00:00Z");
}
