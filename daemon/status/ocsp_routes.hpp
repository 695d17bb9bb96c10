#pragma once
#include "ca/authority/authority_service.hpp"
#include "daemon/http/router.hpp"

// OCSP over HTTP (RFC 6960, appendix A; RFC 5019, 5 and 6). Never throws.
//   POST /ocsp, POST /      the request as application/ocsp-request
//   GET /ocsp/<request>     in base64; and GET /<request>, because the URL of a custom name has no path
// Whatever is asked, the answer is 200 with an OCSPResponse: what is not understood gets malformedRequest.
namespace status {

// `otherwise` answers GETs that begin like a request and cannot be one.
void add_ocsp_routes(http::Router& router, ca::AuthorityService& authorities, http::Handler otherwise);

// The answer with what caches need (RFC 5019, 6.2), or 304 when the client of a GET holds it. Pure.
[[nodiscard]] http::HttpResponse ocsp_response(const http::HttpRequest& request,
                                               ca::OcspResponder::Reply reply);

}  // namespace status
