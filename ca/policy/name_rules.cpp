#include "ca/policy/name_rules.hpp"

#include <algorithm>
#include <functional>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/x509/character_string.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

using Kind = GeneralName::Kind;

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280, A.1: ub-common-name
constexpr std::size_t kMaxAttribute = 256;
constexpr std::size_t kMaxNameInMessage = 100;

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::malformed_csr, what}; }

void check_attribute(const DistinguishedName::Attribute& attribute) {
  const std::size_t max = attribute.type == oid::kCommonName ? kMaxCommonName : kMaxAttribute;
  if (utf8_length(attribute.utf8()) > max) {
    refuse("The subject attribute " + attribute.type + " is longer than " + std::to_string(max) +
           " characters");
  }
}

void check_kind(Kind kind) {
  switch (kind) {
    case Kind::email:
    case Kind::dns:
    case Kind::directory:
    case Kind::uri:
    case Kind::ip:
    case Kind::other:
    case Kind::registered_id:
      return;
    case Kind::x400:
    case Kind::edi_party:
      refuse("The SAN holds an x400Address or ediPartyName, which is not supported");
  }
}

// The domain of a mailbox has no case, its local part has (RFC 5321, 2.4).
std::string folded_email(const std::string& email) {
  const auto at = email.rfind('@');
  return at == std::string::npos ? email : email.substr(0, at) + ascii_lower(email.substr(at));
}

[[noreturn]] void deny(const std::string& name) {
  throw Error{Code::name_not_permitted, "The name '" + name.substr(0, kMaxNameInMessage) +
                                            "' in the CSR is not permitted for this caller"};
}

// A '*' in a name would match the '*' of a pattern and give a wildcard certificate to whoever may have single
// names.
bool is_granted(const std::vector<std::string>& patterns, const std::string& name,
                const std::function<std::string(const std::string&)>& folded) {
  return name.find('*') == std::string::npos &&
         std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return matches_wildcard(folded(pattern), folded(name));
         });
}

std::string exact(const std::string& text) { return text; }

// Scheme and authority for themselves: the '*' of a host does not reach into a path or query, where everybody
// may write that host.
bool is_uri_granted(const std::vector<std::string>& patterns, const std::string& uri) {
  const std::string_view origin = uri_origin(uri);
  return uri.find('*') == std::string::npos &&
         std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
           const auto authority = pattern.find("://");
           if (authority == std::string_view::npos) {
             return matches_wildcard(pattern, uri);
           }
           const auto path = std::min(pattern.find('/', authority + 3), pattern.size());
           return matches_wildcard(pattern.substr(0, path), origin) &&
                  matches_wildcard(pattern.substr(path), std::string_view{uri}.substr(origin.size()));
         });
}

bool is_granted(const GeneralName& name, const NameGrant& grant) {
  if (name_complaint(name)) {
    return false;  // a pattern grants names, and this is none
  }
  const std::string value = text_of(name.value);
  switch (name.kind) {
    case Kind::dns:
      return is_granted(grant.dns_names, value, [](const std::string& text) { return ascii_lower(text); });
    case Kind::uri:
      return is_uri_granted(grant.uris, value);
    case Kind::email:
      return is_granted(grant.emails, value, folded_email);
    case Kind::ip:
      return is_granted(grant.ip_addresses, name.text().substr(std::string_view{"IP:"}.size()), exact);
    case Kind::other:
    case Kind::x400:
    case Kind::directory:
    case Kind::edi_party:
    case Kind::registered_id:
      return false;
  }
  return false;
}

}  // namespace

void check_request_names(const CertificateRequest& request) {
  if (request.subject.empty() && request.subject_alt_names.empty()) {
    refuse("The CSR must have a subject or a SAN");
  }
  if (request.subject_alt_names.size() > kMaxGeneralNames) {
    refuse("The SAN of the CSR has more than " + std::to_string(kMaxGeneralNames) + " names");
  }
  for (const auto& attribute : request.subject.attributes()) {
    check_attribute(attribute);
  }
  for (const GeneralName& name : request.subject_alt_names) {
    check_kind(name.kind);
    if (name.kind == Kind::directory) {
      const DistinguishedName directory = DistinguishedName::parse(name.value);
      for (const auto& attribute : directory.attributes()) {
        check_attribute(attribute);
      }
    }
  }
}

void check_names_granted(const CertificateRequest& request, const NameGrant& grant) {
  for (const auto& attribute : request.subject.attributes()) {
    const std::string value = attribute.utf8();
    if (attribute.type != oid::kCommonName) {
      throw Error{Code::name_not_permitted,
                  "The subject attribute " + attribute.type + " with value '" +
                      value.substr(0, kMaxNameInMessage) +
                      "' is not permitted for this caller: leave everything but CN out of the CSR's subject"};
    }
    if (!is_granted(grant.common_names, value, exact)) {
      deny("CN=" + value);
    }
  }
  for (const GeneralName& name : request.subject_alt_names) {
    if (!is_granted(name, grant)) {
      deny(name.text());
    }
  }
}

}  // namespace ca
