#include "ca/lint/name_constraints.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/name_match.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

using Kind = GeneralName::Kind;

constexpr std::size_t kMaxSubtrees = 1024;

[[noreturn]] void not_understood(const std::string& why) {
  throw Error{Code::name_not_permitted,
              "The certificate authority's name constraints cannot be evaluated: " + why};
}

std::string folded(const Bytes& value) { return ascii_lower(text_of(value)); }

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// "example.com" holds itself and everything below, ".example.com" only what is below, "" everything.
bool in_domain(std::string_view name, std::string_view domain) {
  if (domain.empty() || (domain.front() != '.' && name == domain)) {
    return true;
  }
  const std::string below = domain.front() == '.' ? std::string{domain} : "." + std::string{domain};
  return name.size() > below.size() && ends_with(name, below);
}

// A wildcard stands for names of one more label: it reaches into a domain that is exactly that much longer.
bool wildcard_reaches(std::string_view name, std::string_view domain) {
  if (name.substr(0, 2) != "*." || domain.empty() || domain.front() == '.') {
    return false;
  }
  const auto dot = domain.find('.');
  return dot != std::string_view::npos && domain.substr(dot) == name.substr(1);
}

// A host without a leading period is that host alone (RFC 5280: URI and e-mail hosts).
bool is_host_or_below(std::string_view host, std::string_view constraint) {
  return constraint.empty() || (constraint.front() == '.' ? in_domain(host, constraint) : host == constraint);
}

bool email_matches(const Bytes& name, const Bytes& constraint) {
  const std::string mailbox = text_of(name);
  const std::string wanted = text_of(constraint);
  const auto at = mailbox.rfind('@');
  const std::string host = ascii_lower(mailbox.substr(at + 1));
  const auto wanted_at = wanted.rfind('@');
  if (wanted_at == std::string::npos) {
    return is_host_or_below(host, ascii_lower(wanted));
  }
  return mailbox.substr(0, at) == wanted.substr(0, wanted_at) &&
         host == ascii_lower(wanted.substr(wanted_at + 1));
}

bool ip_matches(const Bytes& name, const Bytes& constraint) {
  if (constraint.size() != name.size() * 2) {
    return false;
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::uint8_t mask = constraint[name.size() + i];
    if ((name[i] & mask) != (constraint[i] & mask)) {
      return false;
    }
  }
  return true;
}

// `refusing` is the answer for what cannot be compared.
bool directory_matches(const Bytes& name, const Bytes& constraint, bool refusing) {
  const NameMatch match =
      match_prefix(DistinguishedName::parse_imported(name), DistinguishedName::parse_imported(constraint));
  return match == NameMatch::undecided ? refusing : match == NameMatch::yes;
}

bool matches(const GeneralName& name, const GeneralName& constraint, bool refusing) {
  switch (name.kind) {
    case Kind::dns:
      return in_domain(folded(name.value), folded(constraint.value));
    case Kind::email:
      return email_matches(name.value, constraint.value);
    case Kind::uri:
      return is_host_or_below(ascii_lower(uri_host(text_of(name.value)).value_or("")),
                              folded(constraint.value));
    case Kind::ip:
      return ip_matches(name.value, constraint.value);
    case Kind::directory:
      return directory_matches(name.value, constraint.value, refusing);
    case Kind::other:
    case Kind::x400:
    case Kind::edi_party:
    case Kind::registered_id:
      return false;
  }
  return false;
}

// OtherNames that say nothing about mailboxes or domains: permanentIdentifier (RFC 4043) and
// hardwareModuleName (RFC 4108), the identities of devices. Of any other nobody here knows.
bool may_hold_domain(const GeneralName& name) {
  static const std::array kOthers{der::oid("1.3.6.1.5.5.7.8.3"), der::oid("1.3.6.1.5.5.7.8.4")};
  return std::none_of(kOthers.begin(), kOthers.end(), [&](const Bytes& type) {
    return type.size() <= name.value.size() && std::equal(type.begin(), type.end(), name.value.begin());
  });
}

// Hosts of constraints: as in names, with a period allowed in front.
void check_host(std::string_view host, const char* form) {
  if (!host.empty() && host.front() == '.') {
    host.remove_prefix(1);
  } else if (host.empty()) {
    return;
  }
  if (host.substr(0, 1) == "*" || dns_complaint(host)) {
    not_understood(std::string{"a "} + form + " constraint is not a domain");
  }
}

// A mailbox, a host, or a domain with a period in front.
void check_mailbox(const std::string& text) {
  if (text.find('@') == std::string::npos) {
    check_host(text, "e-mail");
  } else if (email_complaint(text)) {
    not_understood("an e-mail constraint is not a mailbox");
  }
}

// Address and mask of the same length; the mask is a run of ones, then zeros (RFC 4632, 3.1).
void check_net(const Bytes& value) {
  if (value.size() != 8 && value.size() != 32) {
    not_understood("an IP constraint has neither 8 nor 32 bytes");
  }
  bool ended = false;
  for (std::size_t bit = value.size() * 4; bit < value.size() * 8; ++bit) {
    const bool one = (value[bit / 8] >> (7 - bit % 8) & 1U) != 0;
    if (one && ended) {
      not_understood("the mask of an IP constraint is not a prefix");
    }
    ended = !one;
  }
}

GeneralName read_base(const der::Element& base) {
  GeneralName name{Kind::other, Bytes(base.contents.begin(), base.contents.end())};
  const std::string text = text_of(name.value);
  switch (base.tag) {
    case der::tag::context(1):
      name.kind = Kind::email;
      check_mailbox(text);
      return name;
    case der::tag::context(2):
      name.kind = Kind::dns;
      check_host(text, "DNS");
      return name;
    case der::tag::context_constructed(4):
      name.kind = Kind::directory;
      (void)DistinguishedName::parse_imported(name.value);
      return name;
    case der::tag::context(6):
      name.kind = Kind::uri;
      check_host(text, "URI");
      return name;
    case der::tag::context(7):
      name.kind = Kind::ip;
      check_net(name.value);
      return name;
    default:
      not_understood("they are of a form other than DNS, e-mail, URI, IP and directoryName");
  }
}

std::vector<GeneralName> read_subtrees(ByteView contents) {
  der::Reader subtrees{contents, "nameConstraints"};
  if (subtrees.done()) {
    not_understood("a list of subtrees is empty");
  }
  std::vector<GeneralName> result;
  while (!subtrees.done()) {
    der::Reader subtree = subtrees.enter(der::tag::kSequence, "GeneralSubtree");
    result.push_back(read_base(subtree.any()));
    if (!subtree.done()) {
      not_understood("minimum and maximum are not supported");
    }
    if (result.size() > kMaxSubtrees) {
      not_understood("there are more than " + std::to_string(kMaxSubtrees));
    }
  }
  return result;
}

}  // namespace

NameConstraints NameConstraints::parse(ByteView extension_value) {
  try {
    der::Reader outer{extension_value, "nameConstraints"};
    der::Reader fields = outer.enter(der::tag::kSequence, "nameConstraints");
    outer.end();
    NameConstraints constraints;
    if (const auto permitted = fields.take_if(der::tag::context_constructed(0))) {
      constraints.permitted_ = read_subtrees(permitted->contents);
    }
    if (const auto excluded = fields.take_if(der::tag::context_constructed(1))) {
      constraints.excluded_ = read_subtrees(excluded->contents);
    }
    fields.end();
    if (constraints.permitted_.empty() && constraints.excluded_.empty()) {
      not_understood("they are empty");
    }
    return constraints;
  } catch (const Error& error) {
    if (error.code() == Code::name_not_permitted) {
      throw;
    }
    not_understood(error.what());
  }
}

bool NameConstraints::speak_of(Kind kind) const {
  const auto is_it = [&](const GeneralName& constraint) { return constraint.kind == kind; };
  return std::any_of(permitted_.begin(), permitted_.end(), is_it) ||
         std::any_of(excluded_.begin(), excluded_.end(), is_it);
}

std::optional<std::string> NameConstraints::complaint(const GeneralName& name) const {
  const auto same_kind = [&](const GeneralName& constraint) { return constraint.kind == name.kind; };
  if (name.kind == Kind::other && may_hold_domain(name) && (speak_of(Kind::email) || speak_of(Kind::dns))) {
    return "an otherName of its type cannot be compared with the certificate authority's name constraints";
  }
  if (name.kind == Kind::uri && speak_of(Kind::uri)) {
    // RFC 5280, 4.2.1.10: a URI without a host name cannot be compared and is refused.
    const auto host = uri_host(text_of(name.value));
    if (!host || is_ip_literal(*host)) {
      return "it has no host name to compare with the certificate authority's name constraints";
    }
  }
  for (const GeneralName& constraint : excluded_) {
    if (same_kind(constraint) &&
        (matches(name, constraint, true) ||
         (name.kind == Kind::dns && wildcard_reaches(folded(name.value), folded(constraint.value))))) {
      return "the certificate authority's name constraints exclude it";
    }
  }
  if (std::any_of(permitted_.begin(), permitted_.end(), same_kind) &&
      std::none_of(permitted_.begin(), permitted_.end(), [&](const GeneralName& constraint) {
        return same_kind(constraint) && matches(name, constraint, false);
      })) {
    return "the certificate authority's name constraints do not permit it";
  }
  return std::nullopt;
}

}  // namespace ca
