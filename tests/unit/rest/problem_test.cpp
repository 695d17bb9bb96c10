#include "daemon/rest/problem.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using ca::Code;
using nlohmann::json;

namespace {

std::string header(const http::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("problems: a document says what was wrong and in which request", "[rest]") {
  const auto response = rest::problem_response(Code::malformed_csr, "bad signature", "req-1");
  CHECK(response.status == 422);
  CHECK(response.content_type == "application/problem+json");
  CHECK(json::parse(response.body) == json{{"type", "urn:chancery:problem:malformed_csr"},
                                           {"title", "The certificate request cannot be used"},
                                           {"status", 422},
                                           {"detail", "bad signature"},
                                           {"code", "malformed_csr"},
                                           {"request_id", "req-1"}});
}

TEST_CASE("problems: statuses by kind of code", "[rest]") {
  const std::pair<Code, int> expected[] = {{Code::missing_authentication, 401},
                                           {Code::incomplete_signature, 401},
                                           {Code::invalid_signature, 401},
                                           {Code::unrecognized_client, 401},
                                           {Code::expired_token, 401},
                                           {Code::access_denied, 403},
                                           {Code::name_not_permitted, 403},
                                           {Code::resource_not_found, 404},
                                           {Code::conflict, 409},
                                           {Code::malformed_csr, 422},
                                           {Code::malformed_request, 400},
                                           {Code::constraint_violation, 400},
                                           {Code::invalid_state, 409},
                                           {Code::throttled, 429},
                                           {Code::unavailable, 503},
                                           {Code::key_unusable, 503},
                                           {Code::internal, 500},
                                           {Code::signature_check_failed, 500}};
  for (const auto& [code, status] : expected) {
    CAPTURE(status);
    CHECK(rest::problem_of(code).status == status);
    CHECK(rest::problem_response(code, "", "r").status == status);
  }
}

TEST_CASE("problems: who may come back is told when and who is unknown is told how", "[rest]") {
  CHECK_FALSE(header(rest::problem_response(Code::unavailable, "", "r"), "Retry-After").empty());
  CHECK_FALSE(header(rest::problem_response(Code::throttled, "", "r"), "Retry-After").empty());
  CHECK(header(rest::problem_response(Code::conflict, "", "r"), "Retry-After").empty());
  CHECK(header(rest::problem_response(Code::invalid_signature, "", "r"), "WWW-Authenticate") ==
        "AWS4-HMAC-SHA256");
}

TEST_CASE("problems: internals never leave", "[rest][I18]") {
  for (const Code code : {Code::internal, Code::signature_check_failed, Code::duplicate_serial}) {
    const auto response = rest::problem_response(code, "CKR_DEVICE_ERROR", "r");
    CHECK(response.body.find("CKR") == std::string::npos);
    CHECK(json::parse(response.body).at("code") == "internal");
    CHECK(response.cause == std::string{ca::name_of(code)} + ": CKR_DEVICE_ERROR");
  }
  const auto away = rest::problem_response(Code::unavailable, "CKR_DEVICE_REMOVED", "r");
  CHECK(away.status == 503);
  CHECK(away.body.find("CKR") == std::string::npos);
  CHECK(away.cause == "unavailable: CKR_DEVICE_REMOVED");
  CHECK(rest::problem_response(Code::conflict, "other", "r").cause.empty());
}
