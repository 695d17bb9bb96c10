#pragma once
#include <string>
#include <vector>

#include "ca/base/error.hpp"
#include "ca/x509/certificate_request.hpp"

namespace ca {

// Names that a caller may have. Patterns with IAM wildcards (* any run, ? one character); default deny.
// DNS names and e-mail domains are compared without case, everything else exactly. IP patterns match the text
// form ("10.0.0.7", "2001:db8::7" as inet_ntop writes it). In a URI pattern with "://" a wildcard stays on
// its side of the authority's end: "https://*.example.com/*" is no host of anybody else. Only names of good
// syntax are granted (ca/x509/name_syntax.hpp).
struct NameGrant {
  std::vector<std::string> common_names, dns_names, uris, ip_addresses, emails;
};

// The bounds that hold for every certificate: at least one name, CN at most 64 characters, at most
// kMaxGeneralNames, SAN kinds that we know, strings that relying parties accept. Throws `code`.
void check_name_bounds(const DistinguishedName& subject, const std::vector<GeneralName>& alt_names,
                       Code code);

// Every common name and every SAN must match a pattern of its own kind; subject attributes other than CN, and
// SAN kinds without a pattern list, are refused (I11). Throws Code::name_not_permitted naming the first that
// is not granted.
void check_names_granted(const CertificateRequest& request, const NameGrant& grant);

}  // namespace ca
