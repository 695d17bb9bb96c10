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

[[nodiscard]] std::optional<std::string> complaint_about(const DistinguishedName& name) {
  for (const auto& attribute : name.attributes()) {
    const std::size_t max = attribute.type == oid::kCommonName ? kMaxCommonName : kMaxAttribute;
    if (utf8_length(attribute.utf8()) > max) {
      return "The subject attribute " + attribute.type + " is longer than " + std::to_string(max) +
             " characters";
    }
  }
  return std::nullopt;
}

[[nodiscard]] std::optional<std::string> complaint_about(const GeneralName& name) {
  switch (name.kind) {
    case Kind::directory:
      return complaint_about(DistinguishedName::parse(name.value));
    case Kind::email:
    case Kind::dns:
    case Kind::uri:
    case Kind::ip:
    case Kind::other:
    case Kind::registered_id:
      return std::nullopt;
    case Kind::x400:
    case Kind::edi_party:
      return "The SAN holds an x400Address or ediPartyName, which is not supported";
  }
  return std::nullopt;
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

void check_name_bounds(const DistinguishedName& subject, const std::vector<GeneralName>& alt_names,
                       Code code) {
  if (subject.empty() && alt_names.empty()) {
    throw Error{code, "The CSR must have a subject or a SAN"};
  }
  if (alt_names.size() > kMaxGeneralNames) {
    throw Error{code, "The SAN has more than " + std::to_string(kMaxGeneralNames) + " names"};
  }
  if (const auto complaint = complaint_about(subject)) {
    throw Error{code, *complaint};
  }
  for (const GeneralName& name : alt_names) {
    if (const auto complaint = complaint_about(name)) {
      throw Error{code, *complaint};
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
