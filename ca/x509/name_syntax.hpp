#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ca/x509/name.hpp"

namespace ca {

// Syntax of the names that certificates carry. Each answer is the complaint, for a client to read; nullopt =
// good.

// Of a SAN entry, by its kind. Kinds without a syntax beyond their encoding have none here.
[[nodiscard]] std::optional<std::string> name_complaint(const GeneralName& name);

// RFC 5280, 4.2.1.6; RFC 1034, 3.5; RFC 6125, 6.4.3: letters, digits, hyphen; labels to 63, name to 253
// characters; no empty label, so no dot at the end; what begins with "xn--" is valid Punycode; no number
// behind the last dot, which would be an address;
// "*" only as the whole leftmost label with another label behind it.
[[nodiscard]] std::optional<std::string> dns_complaint(std::string_view name);

// RFC 5321: an unquoted local part and a DNS domain.
[[nodiscard]] std::optional<std::string> email_complaint(std::string_view name);

// RFC 3986, as much as names need: scheme, no user information, no zone identifier, no empty host label, no
// characters outside of the URI set, and no segment "." or ".." in any spelling, because readers that resolve
// them see another name. For the scheme spiffe the grammar of SPIFFE IDs (SPIFFE-ID, 2) instead: trust domain
// and path in their own small character sets, no port, query, fragment, percent-encoding or empty segment.
[[nodiscard]] std::optional<std::string> uri_complaint(std::string_view uri);

// Host of a URI that has no complaint: without port, without brackets. nullopt: it has no authority part
// (urn:...).
[[nodiscard]] std::optional<std::string> uri_host(std::string_view uri);
// "scheme://authority" of any text of that form, the whole text of any other.
[[nodiscard]] std::string_view uri_origin(std::string_view uri);
// Whether a host is an address and not a name.
[[nodiscard]] bool is_ip_literal(std::string_view host);

}  // namespace ca
