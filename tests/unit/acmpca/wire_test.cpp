#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "daemon/acmpca/authority_json.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operation_shapes.hpp"
#include "daemon/acmpca/operations.hpp"
#include "daemon/acmpca/page.hpp"
#include "tests/support/catch.hpp"

using ca::Code;
using nlohmann::json;

namespace {

const std::string kArn =
    "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555";

json create_input() {
  return {{"CertificateAuthorityType", "ROOT"},
          {"CertificateAuthorityConfiguration",
           {{"KeyAlgorithm", "EC_prime256v1"},
            {"SigningAlgorithm", "SHA256WITHECDSA"},
            {"Subject", {{"Organization", "Example"}, {"CommonName", "Root"}}}}}};
}

json issue_input() {
  return {{"CertificateAuthorityArn", kArn},
          {"Csr", ca::to_base64(ca::bytes_of("PEM text"))},
          {"SigningAlgorithm", "SHA256WITHECDSA"},
          {"Validity", {{"Value", 20301231235959}, {"Type", "END_DATE"}}}};
}

ca::CreateAuthorityOrder read_create(const json& input) {
  return acmpca::read_create_order(acmpca::checked(acmpca::shape::kCreateCertificateAuthority, input));
}
ca::IssuanceOrder read_issue(const json& input) {
  return acmpca::read_issuance_order(acmpca::checked(acmpca::shape::kIssueCertificate, input));
}

template <typename Call>
Code code_of(Call call) {
  try {
    (void)call();
  } catch (const ca::Error& error) {
    return error.code();
  }
  FAIL("accepted");
  return Code::internal;
}

ca::AuthorityRecord record() {
  ca::AuthorityRecord made;
  made.arn = ca::AuthorityArn::parse(kArn);
  made.status = ca::AuthorityStatus::pending_certificate;
  made.configuration_json = R"({"KeyAlgorithm":"EC_prime256v1","Subject":{"CommonName":"Root"}})";
  made.created_at = ca::TimePoint{std::chrono::milliseconds{1700000000123}};
  made.last_state_change_at = ca::TimePoint{std::chrono::milliseconds{1700000001000}};
  return made;
}

}  // namespace

TEST_CASE("create: defaults are those of the API and the configuration is kept for the echo", "[acmpca]") {
  json input = create_input();
  input["CertificateAuthorityConfiguration"]["Unknown"] = 1;
  const auto order = read_create(input);
  CHECK(order.type == ca::AuthorityType::root);
  CHECK(order.key_algorithm == ca::KeyAlgorithm::ec_p256);
  CHECK(order.subject.text() == "CN=Root,O=Example");
  CHECK(order.usage_mode == "GENERAL_PURPOSE");
  CHECK(order.key_storage_security_standard == "FIPS_140_2_LEVEL_3_OR_HIGHER");
  CHECK(order.tags.empty());
  CHECK_FALSE(order.idempotency_token.has_value());
  CHECK(order.configuration_json == R"({"KeyAlgorithm":"EC_prime256v1","SigningAlgorithm":"SHA256WITHECDSA",)"
                                    R"("Subject":{"CommonName":"Root","Organization":"Example"}})");
  CHECK(order.revocation == ca::RevocationConfiguration{});
}

TEST_CASE("create: what cannot be done is refused and never silently dropped", "[acmpca]") {
  json input = create_input();
  json& configuration = input["CertificateAuthorityConfiguration"];
  SECTION("a key that no token makes") { configuration["KeyAlgorithm"] = "ML_DSA_65"; }
  SECTION("a signature that no token makes") { configuration["SigningAlgorithm"] = "SM3WITHSM2"; }
  SECTION("a CRL without a life") {
    input["RevocationConfiguration"] = {{"CrlConfiguration", {{"Enabled", true}}}};
  }
  SECTION("a disabled CRL with settings") {
    input["RevocationConfiguration"] = {{"CrlConfiguration", {{"Enabled", false}, {"CustomPath", "x"}}}};
  }
  CHECK(code_of([&] { return read_create(input); }) == Code::invalid_args);
}

TEST_CASE("create: disabled revocation and empty CsrExtensions are accepted", "[acmpca]") {
  json input = create_input();
  input["RevocationConfiguration"] = {{"CrlConfiguration", {{"Enabled", false}}},
                                      {"OcspConfiguration", {{"Enabled", false}}}};
  input["CertificateAuthorityConfiguration"]["CsrExtensions"] = json::object();
  CHECK_NOTHROW(read_create(input));
}

TEST_CASE("page: items behind the token, as many as asked for", "[acmpca]") {
  std::vector<json> items;
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    items.push_back({{"Key", key}});
  }
  const auto page = [&](const json& input) {
    return acmpca::page(
        "Tags", items, [](const json& tag) { return tag.at("Key").get<std::string>(); }, input);
  };
  CHECK(page(json::object()) == json{{"Tags", items}});
  const json first = page({{"MaxResults", 2}});
  CHECK(first.at("Tags") == json{{{"Key", "a"}}, {{"Key", "b"}}});
  const json second = page({{"MaxResults", 3}, {"NextToken", first.at("NextToken")}});
  CHECK(second == json{{"Tags", {{{"Key", "c"}}, {{"Key", "d"}}, {{"Key", "e"}}}}});
  CHECK(code_of([&] { return page({{"NextToken", "eHl6"}}); }) == Code::invalid_next_token);
}

TEST_CASE("issue: the order holds the PEM text and the period as asked", "[acmpca]") {
  json input = issue_input();
  input["ValidityNotBefore"] = {{"Value", 1700000000}, {"Type", "ABSOLUTE"}};
  input["IdempotencyToken"] = "t";
  const auto order = read_issue(input);
  CHECK(order.authority.text() == kArn);
  CHECK(order.csr_pem == "PEM text");
  CHECK(order.template_arn.empty());
  CHECK(order.validity.type == ca::ValidityRequest::Type::end_date);
  CHECK(order.validity.value == 20301231235959);
  REQUIRE(order.not_before.has_value());
  CHECK(order.not_before->value == 1700000000);
  CHECK(order.idempotency_token == "t");
}

TEST_CASE("issue: arguments beyond the shapes", "[acmpca]") {
  json input = issue_input();
  input["ValidityNotBefore"] = {{"Value", 1}, {"Type", "DAYS"}};
  CHECK(code_of([&] { return read_issue(input); }) == Code::invalid_args);

  input = issue_input();
  input["SigningAlgorithm"] = "ML_DSA_44";
  CHECK(code_of([&] { return read_issue(input); }) == Code::invalid_args);

  input = issue_input();
  input["CertificateAuthorityArn"] = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/nobody";
  CHECK_THROWS_WITH(read_issue(input), "Not a valid arn.");
}

TEST_CASE("describe: before the import there is no serial and no validity", "[acmpca]") {
  const json out = acmpca::authority_json(record());
  CHECK(out.at("Arn") == kArn);
  CHECK(out.at("OwnerAccount") == "123456789012");
  CHECK(out.at("Type") == "ROOT");
  CHECK(out.at("Status") == "PENDING_CERTIFICATE");
  CHECK(out.at("CreatedAt").dump() == "1700000000.123");
  CHECK(out.at("LastStateChangeAt").dump() == "1700000001.0");
  CHECK(out.at("CertificateAuthorityConfiguration") ==
        json{{"KeyAlgorithm", "EC_prime256v1"}, {"Subject", {{"CommonName", "Root"}}}});
  CHECK(out.at("RevocationConfiguration").dump() ==
        R"({"CrlConfiguration":{"Enabled":false},"OcspConfiguration":{"Enabled":false}})");
  for (const char* absent : {"Serial", "NotBefore", "NotAfter", "FailureReason", "RestorableUntil"}) {
    CAPTURE(absent);
    CHECK_FALSE(out.contains(absent));
  }
}

TEST_CASE("describe: certificate times are whole seconds and a failure has its reason", "[acmpca]") {
  auto made = record();
  made.status = ca::AuthorityStatus::failed;
  made.validity = ca::Validity{ca::Seconds{std::chrono::seconds{1700000000}},
                               ca::Seconds{std::chrono::seconds{4102444800}}};
  const json out = acmpca::authority_json(made);
  CHECK(out.at("NotBefore").dump() == "1700000000");
  CHECK(out.at("NotAfter").dump() == "4102444800");
  CHECK(out.at("FailureReason") == "OTHER");
}

TEST_CASE("describe: an unreadable certificate does not hide its authority", "[acmpca][I16]") {
  auto made = record();
  made.certificate_der = {0x30, 0x00};
  CHECK_FALSE(acmpca::authority_json(made).contains("Serial"));
}

TEST_CASE("describe: the serial of an authority is decimal", "[acmpca]") {
  CHECK(acmpca::decimal(ca::Bytes{}) == "0");
  CHECK(acmpca::decimal(ca::Bytes{0x00}) == "0");
  CHECK(acmpca::decimal(ca::Bytes{0x00, 0xFF}) == "255");
  CHECK(acmpca::decimal(ca::Bytes(16, 0xFF)) == "340282366920938463463374607431768211455");
}

TEST_CASE("certificates: PEM is a JSON string and a root has no chain", "[acmpca]") {
  CHECK(acmpca::certificate_json({"A", std::nullopt}) == json{{"Certificate", "A"}});
  CHECK(acmpca::certificate_json({"A", "B"}) == json{{"Certificate", "A"}, {"CertificateChain", "B"}});
}

TEST_CASE("operations: what changes state and what reads have pools of their own", "[acmpca]") {
  CHECK(acmpca::find_operation("IssueCertificate") != nullptr);
  CHECK(acmpca::find_operation("IssueCertificate")->pool == http::Pool::issue);
  CHECK(acmpca::find_operation("GetCertificate")->pool == http::Pool::read);
  CHECK(acmpca::find_operation("CreateCertificateAuthorityAuditReport")->pool == http::Pool::change);
  CHECK(acmpca::find_operation("DescribeCertificateAuthorityAuditReport")->pool == http::Pool::read);
  CHECK(acmpca::find_operation("ListCertificates") == nullptr);
}
