#pragma once
#include <string_view>

#include "ca/inventory/certificate_search.hpp"
#include "daemon/http/message.hpp"

// The query and the answer of GET /certificates. Pure.
namespace inventory {

// authority (its ARN; the only one that must be there), device (may be repeated), key-sha256, template,
// issued-after (from then on), issued-before, state, cursor, limit (1 to 1000). Unknown names, names that are
// there twice, empty values, and values that nothing could fit are refused: a search that finds nothing must
// mean that there is nothing. Throws Code::constraint_violation and Code::invalid_arn.
[[nodiscard]] ca::CertificateSearch read_search(std::string_view query);

// {"certificates": [...], "next_cursor": "..."}; the last page has no next_cursor.
[[nodiscard]] http::HttpResponse page_response(const ca::AuthorityArn& authority,
                                               const ca::CertificatePage& page);

}  // namespace inventory
