#include "daemon/provisioning/documents.hpp"

#include <nlohmann/json.hpp>

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

using ca::Code;
using nlohmann::json;

namespace {

http::HttpRequest post(const std::string& body) {
  http::HttpRequest request;
  request.method = "POST";
  request.path = "/provision";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body;
  return request;
}

Code refusal(const http::HttpRequest& request) {
  try {
    (void)provisioning::read_order(request);
  } catch (const ca::Error& error) {
    return error.code();
  }
  FAIL("accepted");
  return Code::internal;
}

ca::ProvisioningResult result() {
  ca::ProvisioningResult made;
  made.record.issuer = ca::AuthorityArn::parse(
      "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555");
  made.record.serial = ca::SerialNumber::from_hex("1cbe485a21fe5f6ab1fc4ab12dc3eb03");
  made.record.device_id = "sensor-7";
  made.record.validity = {ca::Seconds{std::chrono::seconds{1700000000}},
                          ca::Seconds{std::chrono::seconds{1700000000 + 90 * 86400}}};
  return made;
}

std::string header(const http::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("provision: the least request and its defaults", "[provisioning]") {
  const auto order = provisioning::read_order(post(R"({"device_id":"sensor-7","csr":"PEM"})"));
  CHECK(order.device_id == "sensor-7");
  CHECK(order.csr_pem == "PEM");
  CHECK(order.profile == "default");
  CHECK_FALSE(order.idempotency_token.has_value());
}

TEST_CASE("provision: the token comes in the body or the header", "[provisioning][I12]") {
  auto request = post(R"({"device_id":"d","csr":"PEM","profile":"lab","idempotency_token":"t"})");
  CHECK(provisioning::read_order(request).idempotency_token == "t");
  CHECK(provisioning::read_order(request).profile == "lab");
  request.headers.emplace_back("idempotency-key", "t");
  CHECK(provisioning::read_order(request).idempotency_token == "t");
  request.headers.back().second = "other";
  CHECK(refusal(request) == Code::invalid_args);
  request.body = R"({"device_id":"d","csr":"PEM"})";
  CHECK(provisioning::read_order(request).idempotency_token == "other");
  request.headers.back().second = std::string(37, 'x');
  CHECK(refusal(request) == Code::constraint_violation);
}

TEST_CASE("provision: everything but a flat object of known strings is refused", "[provisioning][I16]") {
  for (const char* body :
       {"", "[]", "\"x\"", "null", "1", "{", "{} {}", R"({"device_id":1,"csr":"x"})",
        R"({"device_id":null,"csr":"x"})", R"({"device_id":["a"],"csr":"x"})",
        R"({"device_id":{"device_id":"a"},"csr":"x"})", R"({"device_id":"a","csr":"x","more":"y"})",
        R"({"device_id":"a","device_id":"a","csr":"x"})", R"({"device_id":"a\u0000","csr":"x"})",
        R"({"device_id":true,"csr":"x"})", R"({"device_id":1.5,"csr":"x"})"}) {
    CAPTURE(body);
    CHECK(refusal(post(body)) == Code::malformed_request);
  }
  const std::string good = R"({"device_id":"a","csr":"x"})";
  CHECK(refusal(post(good + '\0')) == Code::malformed_request);
  CHECK(refusal(post(std::string(60000, '['))) == Code::malformed_request);
  auto request = post(good);
  request.headers = {{"Content-Type", "text/plain"}};
  CHECK(refusal(request) == Code::malformed_request);
  request.headers = {{"content-type", "application/json; charset=utf-8"}};
  CHECK_NOTHROW(provisioning::read_order(request));
}

TEST_CASE("provision: missing and overlong members", "[provisioning]") {
  CHECK(refusal(post("{}")) == Code::constraint_violation);
  CHECK(refusal(post(R"({"device_id":"a"})")) == Code::constraint_violation);
  CHECK(refusal(post(R"({"device_id":"","csr":"x"})")) == Code::constraint_violation);
  CHECK(refusal(post(json{{"device_id", "a"}, {"csr", std::string(32769, 'x')}}.dump())) ==
        Code::constraint_violation);
}

TEST_CASE("provision: an issued certificate is answered with all that a device needs", "[provisioning]") {
  auto made = result();
  made.record.state = ca::CertificateState::issued;
  made.pem = ca::CertificatePem{"CERT", "CHAIN"};
  const auto response = provisioning::result_response(made);
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/json");
  CHECK(header(response, "Location").empty());
  CHECK(json::parse(response.body) == json{{"device_id", "sensor-7"},
                                           {"certificate", "CERT"},
                                           {"chain", "CHAIN"},
                                           {"serial", "1c:be:48:5a:21:fe:5f:6a:b1:fc:4a:b1:2d:c3:eb:03"},
                                           {"certificate_arn", made.record.arn().text()},
                                           {"expires_at", "2024-02-12T22:13:20Z"},
                                           {"renew_after", "2024-01-13T22:13:20Z"}});
}

TEST_CASE("provision: what is not signed yet is 202 with the place to ask", "[provisioning][I19]") {
  const auto response = provisioning::result_response(result());
  CHECK(response.status == 202);
  CHECK(header(response, "Location") == "/provision/1cbe485a21fe5f6ab1fc4ab12dc3eb03");
  CHECK(header(response, "Retry-After") == "1");
  CHECK(json::parse(response.body) == json{{"id", "1cbe485a21fe5f6ab1fc4ab12dc3eb03"}, {"state", "PENDING"}});
}

TEST_CASE("provision: what will never be signed is no 202", "[provisioning]") {
  auto made = result();
  made.record.state = ca::CertificateState::failed;
  CHECK_THROWS_AS(provisioning::result_response(made), ca::Error);
}

TEST_CASE("provision: the id of a waiting request is 32 hex digits", "[provisioning]") {
  http::HttpRequest request;
  request.path = "/provision/1cbe485a21fe5f6ab1fc4ab12dc3eb03";
  CHECK(provisioning::read_id(request) == "1cbe485a21fe5f6ab1fc4ab12dc3eb03");
  for (const char* path : {"/provision/", "/provision/1", "/provision/1cbe485a21fe5f6ab1fc4ab12dc3eb0g",
                           "/provision/1cbe485a21fe5f6ab1fc4ab12dc3eb03/x", "/other"}) {
    CAPTURE(path);
    request.path = path;
    CHECK_THROWS_AS(provisioning::read_id(request), ca::Error);
  }
}
