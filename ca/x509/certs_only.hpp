#pragma once
#include <vector>

#include "ca/base/bytes.hpp"

namespace ca {

// A CMS message that holds certificates and nothing else (RFC 5272, 4.1; RFC 5280, 4.2.2.1: caIssuers as
// .p7c). Certificates are given as DER, and stand there in that order.
[[nodiscard]] Bytes certs_only(const std::vector<Bytes>& certificates);

}  // namespace ca
