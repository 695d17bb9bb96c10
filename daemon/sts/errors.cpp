#include "daemon/sts/errors.hpp"

#include <functional>

#include "daemon/sts/documents.hpp"

namespace sts {

using ca::Code;

StsError sts_error(Code code) {
  switch (code) {
    case Code::missing_authentication:
      return {"MissingAuthenticationToken", 403};
    case Code::incomplete_signature:
      return {"IncompleteSignature"};
    case Code::invalid_signature:
      return {"SignatureDoesNotMatch", 403};
    case Code::unrecognized_client:
      return {"InvalidClientTokenId", 403};
    case Code::expired_token:
      return {"ExpiredToken", 403};
    case Code::access_denied:
      return {"AccessDenied", 403};
    case Code::unknown_operation:
      return {"InvalidAction"};
    case Code::invalid_policy:
      return {"MalformedPolicyDocument"};
    case Code::malformed_request:
    case Code::constraint_violation:
    case Code::invalid_args:
    case Code::invalid_arn:
    case Code::invalid_request:
    case Code::invalid_next_token:
    case Code::invalid_tag:
    case Code::too_many_tags:
    case Code::malformed_csr:
    case Code::malformed_certificate:
    case Code::certificate_mismatch:
    case Code::validity_beyond_issuer:
    case Code::path_length_exceeded:
    case Code::purpose_not_permitted:
    case Code::name_not_permitted:
    case Code::payload_too_large:
    case Code::resource_not_found:
    case Code::invalid_state:
    case Code::concurrent_modification:
    case Code::request_in_progress:
    case Code::request_failed:
    case Code::request_already_processed:
    case Code::limit_exceeded:
    case Code::permission_already_exists:
    case Code::lockout_prevented:
    case Code::conflict:
      return {"ValidationError"};
    case Code::throttled:
      return {"Throttling", 400, false};
    case Code::unavailable:
    case Code::key_unusable:
      return {"ServiceUnavailable", 503, false};
    case Code::malformed_crl:  // only ever read back, never sent
    case Code::internal:
    case Code::signature_check_failed:
    case Code::duplicate_serial:
      break;
  }
  return {"InternalFailure", 500, false};
}

http::HttpResponse error_response(Code code, const std::string& detail, const std::string& request_id) {
  const StsError error = sts_error(code);
  const std::string hidden = error.status == 400 ? "Rate exceeded"
                             : error.status == 503
                                 ? "The service is temporarily unavailable. Send the same request again."
                                 : "An internal failure occurred.";
  http::HttpResponse response{
      .status = error.status,
      .content_type = "text/xml",
      .body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>" +
              std::string{error.status >= 500 ? "Receiver" : "Sender"} + "</Type><Code>" +
              std::string{error.name} + "</Code><Message>" + xml_text(error.shows_detail ? detail : hidden) +
              "</Message></Error><RequestId>" + request_id + "</RequestId></ErrorResponse>",
      .headers = {}};
  if (!error.shows_detail) {
    response.cause = std::string{ca::name_of(code)} + ": " + detail;
  }
  if (error.status == 503) {
    response.headers.emplace_back("Retry-After",
                                  std::to_string(1 + std::hash<std::string>{}(request_id) % 3));
  }
  return response;
}

}  // namespace sts
