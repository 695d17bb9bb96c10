#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ca/authority/authority_service.hpp"
#include "daemon/http/router.hpp"

// What relying parties fetch without proof of identity. Never throws.
//   GET /ca/<key name>.cer       the DER of the authority's certificate (RFC 5280, 4.2.2.1: caIssuers)
//   GET /ca/<key name>.p7c       the same with its chain (RFC 2585, 4.2; RFC 8551)
//   GET /<path>/<series>.crl     the last CRL of that series, whatever the path: it is the CustomPath's
namespace status {

// Authorities and clock must outlive the router.
void add_routes(http::Router& router, ca::AuthorityService& authorities, const ca::Clock& clock);

// The name in <prefix><name><suffix>: an authority's id, or that with the number of a later key (KeyName); of
// a CRL the same, or the uuid of a partition. nullopt for every other path. Pure.
[[nodiscard]] std::optional<ca::KeyName> named_in(std::string_view path, std::string_view prefix,
                                                  std::string_view suffix);
// 200 with a strong ETag, or 304 when the client holds these bytes. Pure.
[[nodiscard]] http::HttpResponse certificate_response(const http::HttpRequest& request, const ca::Bytes& der,
                                                      const std::string& media_type);
// The CRL, a part of it, or 304. Pure.
[[nodiscard]] http::HttpResponse crl_response(const http::HttpRequest& request, const ca::PublishedCrl& crl,
                                              ca::TimePoint now);

}  // namespace status
