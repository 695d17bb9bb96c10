#pragma once
#include <optional>
#include <string_view>

#include "ca/base/bytes.hpp"

namespace status {

// The OCSP request in the path of a GET (RFC 6960, appendix A.1: the base64 of the DER, percent-encoded),
// with or without /ocsp in front. Clients and proxies are not all exact: '/', '+' and '=' may stand as they
// are, the padding may be missing, and the alphabet may be that of RFC 4648, 5. nullopt: it decodes to
// nothing. Pure.
[[nodiscard]] std::optional<ca::Bytes> ocsp_request_in(std::string_view path);

}  // namespace status
