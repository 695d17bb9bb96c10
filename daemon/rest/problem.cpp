#include "daemon/rest/problem.hpp"

#include <functional>
#include <nlohmann/json.hpp>

namespace rest {

using ca::Code;

Problem problem_of(Code code) {
  switch (code) {
    case Code::missing_authentication:
    case Code::incomplete_signature:
    case Code::invalid_signature:
    case Code::unrecognized_client:
    case Code::expired_token:
      return {401, "The caller's identity is not proved"};
    case Code::access_denied:
      return {403, "Not allowed"};
    case Code::name_not_permitted:
      return {403, "A name in the request is not granted"};
    case Code::resource_not_found:
      return {404, "Not found"};
    case Code::conflict:
      return {409, "In conflict with an earlier request"};
    case Code::malformed_csr:
      return {422, "The certificate request cannot be used"};
    case Code::malformed_request:
    case Code::constraint_violation:
    case Code::invalid_args:
    case Code::invalid_arn:
    case Code::invalid_request:
    case Code::invalid_next_token:
    case Code::invalid_policy:
    case Code::invalid_tag:
    case Code::too_many_tags:
    case Code::malformed_certificate:
    case Code::certificate_mismatch:
    case Code::validity_beyond_issuer:
    case Code::path_length_exceeded:
    case Code::purpose_not_permitted:
    case Code::unknown_operation:
    case Code::payload_too_large:
      return {400, "The request is not valid"};
    case Code::invalid_state:
    case Code::concurrent_modification:
    case Code::request_in_progress:
    case Code::request_failed:
    case Code::request_already_processed:
    case Code::limit_exceeded:
    case Code::permission_already_exists:
    case Code::lockout_prevented:
      return {409, "The request cannot be served as things stand"};
    case Code::throttled:
      return {429, "Too many requests", false};
    case Code::unavailable:
    case Code::key_unusable:
      return {503, "Temporarily not available", false};
    case Code::malformed_crl:  // only ever read back, never sent
    case Code::internal:
    case Code::signature_check_failed:
    case Code::duplicate_serial:
      return {500, "Internal failure", false};
  }
  return {500, "Internal failure", false};
}

namespace {

// For a detail of ours, in its place.
std::string shown_instead(int status) {
  if (status == 429) {
    return "Rate exceeded: send the same request again later";
  }
  if (status == 503) {
    return "The service cannot do it now: send the same request again later";
  }
  return "The cause is in the service's log";
}

}  // namespace

http::HttpResponse problem_response(Code code, const std::string& detail, const std::string& request_id) {
  const Problem problem = problem_of(code);
  // The fatal codes are for operators: outside they are one.
  const std::string name{problem.status == 500 ? ca::name_of(Code::internal) : ca::name_of(code)};
  const nlohmann::json body{
      {"type", "urn:chancery:problem:" + name},
      {"title", problem.title},
      {"status", problem.status},
      {"detail", problem.shows_detail ? detail : shown_instead(problem.status)},
      {"code", name},
      {"request_id", request_id},
  };
  http::HttpResponse response{
      .status = problem.status,
      .content_type = "application/problem+json",
      .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      .headers = {{"Cache-Control", "no-store"}},
  };
  if (!problem.shows_detail) {
    response.cause = std::string{ca::name_of(code)} + ": " + detail;
  }
  if (problem.status == 503 || problem.status == 429) {
    // One to three seconds: clients that failed together must not come back together.
    response.headers.emplace_back("Retry-After",
                                  std::to_string(1 + std::hash<std::string>{}(request_id) % 3));
  }
  if (problem.status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "AWS4-HMAC-SHA256");  // RFC 9110, 15.5.2
  }
  return response;
}

}  // namespace rest
