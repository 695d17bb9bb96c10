#pragma once
#include <string>

#include "ca/authority/orders.hpp"
#include "daemon/http/message.hpp"

// The JSON of POST /provision and GET /provision/<id>. Pure.
namespace provisioning {

// One flat object of strings: device_id, csr and, if wanted, profile and idempotency_token (or the
// Idempotency-Key header; both only when they are equal). Unknown members, duplicate names, NUL and other
// media types than application/json are refused: Code::malformed_request. Lengths:
// Code::constraint_violation.
[[nodiscard]] ca::ProvisioningOrder read_order(const http::HttpRequest& request);

// 200 with the certificate, or 202 with Location and Retry-After while it is not signed. Throws
// Code::request_failed when it never will be.
[[nodiscard]] http::HttpResponse result_response(const ca::ProvisioningResult& result);

// The id in /provision/<id>: 32 hex digits. Throws Code::resource_not_found.
[[nodiscard]] std::string read_id(const http::HttpRequest& request);

// When a device should ask for its next certificate: two thirds into the validity.
[[nodiscard]] ca::Seconds renew_after(const ca::Validity& validity);

}  // namespace provisioning
