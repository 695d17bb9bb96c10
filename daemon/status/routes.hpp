#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ca/authority/authority_service.hpp"
#include "daemon/http/router.hpp"

// What relying parties fetch without proof of identity: GET /ca/<authority id>.cer, the DER of the
// authority's certificate (RFC 5280, 4.2.2.1: caIssuers; RFC 2585, 4.1: application/pkix-cert). Never throws.
namespace status {

// The authorities must outlive the router.
void add_routes(http::Router& router, ca::AuthorityService& authorities);

// The id in /ca/<uuid>.cer; nullopt for every other path. Pure.
[[nodiscard]] std::optional<std::string> authority_id(std::string_view path);
// 200 with a strong ETag, or 304 when the client holds these bytes. Pure.
[[nodiscard]] http::HttpResponse certificate_response(const http::HttpRequest& request, const ca::Bytes& der);

}  // namespace status
