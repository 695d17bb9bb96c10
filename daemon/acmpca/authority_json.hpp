#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "ca/authority/orders.hpp"
#include "ca/inventory/records.hpp"

namespace acmpca {

// The API's timestamps: seconds since 1970 with a fraction.
[[nodiscard]] double epoch_seconds(ca::TimePoint time);
// The CertificateAuthority structure of Describe and List. CreatedAt and LastStateChangeAt carry a fraction,
// NotBefore and NotAfter are whole seconds; what does not exist yet is left out. Pure.
[[nodiscard]] nlohmann::json authority_json(const ca::AuthorityRecord& record);
// Certificate and, unless it is a root's, CertificateChain: PEM as JSON strings.
[[nodiscard]] nlohmann::json certificate_json(const ca::CertificatePem& pem);
// Decimal form of a big-endian number: the Serial of an authority's certificate.
[[nodiscard]] std::string decimal(ca::ByteView number);

}  // namespace acmpca
