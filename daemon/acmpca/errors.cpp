#include "daemon/acmpca/errors.hpp"

#include <functional>
#include <nlohmann/json.hpp>

namespace acmpca {

using ca::Code;

AwsError aws_error(Code code) {
  switch (code) {
    case Code::malformed_request:
      return {"SerializationException"};
    case Code::constraint_violation:
    case Code::validity_beyond_issuer:
    case Code::path_length_exceeded:
    case Code::name_not_permitted:
    case Code::purpose_not_permitted:
      return {"ValidationException"};
    case Code::invalid_args:
    case Code::conflict:
      return {"InvalidArgsException"};
    case Code::invalid_arn:
      return {"InvalidArnException"};
    case Code::invalid_request:
      return {"InvalidRequestException"};
    case Code::invalid_next_token:
      return {"InvalidNextTokenException"};
    case Code::invalid_policy:
      return {"InvalidPolicyException"};
    case Code::invalid_tag:
      return {"InvalidTagException"};
    case Code::too_many_tags:
      return {"TooManyTagsException"};
    case Code::malformed_csr:
      return {"MalformedCSRException"};
    case Code::malformed_certificate:
      return {"MalformedCertificateException"};
    case Code::certificate_mismatch:
      return {"CertificateMismatchException"};
    case Code::unknown_operation:
      return {"UnknownOperationException"};
    case Code::payload_too_large:
      return {"RequestEntityTooLargeException", 413};
    case Code::missing_authentication:
      return {"MissingAuthenticationTokenException"};
    case Code::incomplete_signature:
      return {"IncompleteSignatureException"};
    case Code::invalid_signature:
      return {"InvalidSignatureException"};
    case Code::unrecognized_client:
      return {"UnrecognizedClientException"};
    case Code::expired_token:
      return {"ExpiredTokenException"};
    case Code::access_denied:
      return {"AccessDeniedException"};
    case Code::resource_not_found:
      return {"ResourceNotFoundException"};
    case Code::invalid_state:
      return {"InvalidStateException"};
    case Code::key_unusable:
      return {"InvalidStateException", 400, false};
    case Code::concurrent_modification:
      return {"ConcurrentModificationException"};
    case Code::request_in_progress:
      return {"RequestInProgressException"};
    case Code::request_failed:
      return {"RequestFailedException"};
    case Code::request_already_processed:
      return {"RequestAlreadyProcessedException"};
    case Code::permission_already_exists:
      return {"PermissionAlreadyExistsException"};
    case Code::lockout_prevented:
      return {"LockoutPreventedException"};
    case Code::limit_exceeded:
      return {"LimitExceededException"};
    case Code::throttled:
      return {"ThrottlingException", 400, false};
    case Code::unavailable:
      return {"ServiceUnavailable", 503, false};
    case Code::malformed_crl:  // only ever read back, never sent
    case Code::internal:
    case Code::signature_check_failed:
    case Code::duplicate_serial:
      return {"InternalFailure", 500, false};
  }
  return {"InternalFailure", 500, false};
}

namespace {

// For a detail of ours, in its place.
std::string shown_instead(Code code) {
  if (code == Code::throttled) {
    return "Rate exceeded";
  }
  if (code == Code::unavailable) {
    return "The service is temporarily unavailable. Send the same request again.";
  }
  if (code == Code::key_unusable) {
    return "The certificate authority is not in a valid state for issuing certificates: its key is not "
           "usable";
  }
  return "An internal failure occurred.";
}

}  // namespace

http::HttpResponse error_response(Code code, const std::string& detail, std::string_view request_id) {
  const AwsError error = aws_error(code);
  const nlohmann::json body{{"__type", error.name},
                            {"message", error.shows_detail ? detail : shown_instead(code)}};
  http::HttpResponse response{
      .status = error.status,
      .content_type = "application/x-amz-json-1.1",
      .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      .headers = {{"x-amzn-ErrorType", std::string{error.name}}},
  };
  if (!error.shows_detail) {
    response.cause = std::string{ca::name_of(code)} + ": " + detail;
  }
  if (error.status == 503) {
    // One to three seconds: clients that failed together must not come back together.
    response.headers.emplace_back("Retry-After",
                                  std::to_string(1 + std::hash<std::string_view>{}(request_id) % 3));
  }
  return response;
}

}  // namespace acmpca
