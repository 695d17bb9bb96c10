#include "daemon/acmpca/errors.hpp"

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

TEST_CASE("errors: modelled exceptions are 400 with the bare name in body and header", "[acmpca]") {
  const auto response = acmpca::error_response(Code::invalid_arn, "Not a valid arn.", "id");
  CHECK(response.status == 400);
  CHECK(response.content_type == "application/x-amz-json-1.1");
  CHECK(json::parse(response.body) ==
        json{{"__type", "InvalidArnException"}, {"message", "Not a valid arn."}});
  CHECK(header(response, "x-amzn-ErrorType") == "InvalidArnException");
  CHECK(header(response, "Retry-After").empty());
}

TEST_CASE("errors: every code that SDKs and tools match on has its name", "[acmpca]") {
  const std::pair<Code, const char*> expected[] = {
      {Code::malformed_request, "SerializationException"},
      {Code::constraint_violation, "ValidationException"},
      {Code::validity_beyond_issuer, "ValidationException"},
      {Code::path_length_exceeded, "ValidationException"},
      {Code::purpose_not_permitted, "ValidationException"},
      {Code::name_not_permitted, "ValidationException"},
      {Code::conflict, "InvalidArgsException"},
      {Code::malformed_csr, "MalformedCSRException"},
      {Code::certificate_mismatch, "CertificateMismatchException"},
      {Code::unknown_operation, "UnknownOperationException"},
      {Code::missing_authentication, "MissingAuthenticationTokenException"},
      {Code::incomplete_signature, "IncompleteSignatureException"},
      {Code::invalid_signature, "InvalidSignatureException"},
      {Code::unrecognized_client, "UnrecognizedClientException"},
      {Code::access_denied, "AccessDeniedException"},
      {Code::resource_not_found, "ResourceNotFoundException"},
      {Code::invalid_state, "InvalidStateException"},
      {Code::request_in_progress, "RequestInProgressException"},
      {Code::request_already_processed, "RequestAlreadyProcessedException"},
      {Code::limit_exceeded, "LimitExceededException"},
  };
  for (const auto& [code, name] : expected) {
    CAPTURE(name);
    CHECK(acmpca::aws_error(code).name == name);
    CHECK(acmpca::aws_error(code).status == 400);
  }
}

TEST_CASE("errors: what is away for a moment is 503 with a spread Retry-After", "[acmpca]") {
  std::string seen;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}) {
    const auto response = acmpca::error_response(Code::unavailable, "the token is away", id);
    CHECK(response.status == 503);
    CHECK(header(response, "x-amzn-ErrorType") == "ServiceUnavailable");
    const std::string after = header(response, "Retry-After");
    CHECK((after == "1" || after == "2" || after == "3"));
    seen += seen.find(after) == std::string::npos ? after : "";
  }
  CHECK(seen.size() > 1);
}

TEST_CASE("errors: internals never leave", "[acmpca][I18]") {
  const std::pair<Code, int> hidden[] = {{Code::internal, 500},
                                         {Code::signature_check_failed, 500},
                                         {Code::duplicate_serial, 500},
                                         {Code::unavailable, 503},
                                         {Code::key_unusable, 400}};
  for (const auto& [code, status] : hidden) {
    const auto response = acmpca::error_response(code, "slot 3 said CKR_DEVICE_ERROR", "id");
    CHECK(response.status == status);
    CHECK(response.body.find("CKR") == std::string::npos);
    CHECK_FALSE(json::parse(response.body).at("message").get<std::string>().empty());
    CHECK(response.cause == std::string{ca::name_of(code)} + ": slot 3 said CKR_DEVICE_ERROR");
  }
  CHECK(json::parse(acmpca::error_response(Code::duplicate_serial, "", "id").body).at("__type") ==
        "InternalFailure");
  CHECK(acmpca::error_response(Code::invalid_args, "bad", "id").cause.empty());
  const auto throttled = acmpca::error_response(Code::throttled, "queue of 10000", "id");
  CHECK(throttled.status == 400);
  CHECK(json::parse(throttled.body) == json{{"__type", "ThrottlingException"}, {"message", "Rate exceeded"}});
}

TEST_CASE("errors: a detail that is not UTF-8 still makes a JSON answer", "[acmpca][I16]") {
  const auto response = acmpca::error_response(Code::invalid_args, "bad \xFF byte", "id");
  CHECK(json::parse(response.body).at("message").is_string());
}
