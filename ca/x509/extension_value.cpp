#include "ca/x509/extension_value.hpp"

#include <algorithm>
#include <array>

#include "ca/base/error.hpp"
#include "ca/x509/character_string.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/name_syntax.hpp"

namespace ca {
namespace {

using der::Reader;
using der::tag::kSequence;

constexpr std::size_t kMaxListed = 64;
constexpr std::size_t kMaxTextInMessage = 100;
constexpr int kMaxSkippedCertificates = 255;
constexpr unsigned kAllUsages = (1U << 9U) - 1U;
constexpr const char* kAnyPolicy = "2.5.29.32.0";
constexpr const char* kCpsQualifier = "1.3.6.1.5.5.7.2.1";

unsigned read_key_usage(Reader& value) {
  const unsigned bits = der::named_bits_of(value.take(der::tag::kBitString, "keyUsage").contents, "keyUsage");
  if (bits == 0 || bits > kAllUsages) {
    value.refuse("it must name at least one of the nine usages and no other");
  }
  return bits;
}

void add_new(std::vector<Oid>& list, Oid id, const Reader& reader) {
  if (std::find(list.begin(), list.end(), id) != list.end()) {
    reader.refuse(id + " is there twice");
  }
  list.push_back(std::move(id));
  if (list.size() > kMaxListed) {
    reader.refuse("more than " + std::to_string(kMaxListed));
  }
}

// SEQUENCE SIZE (1..MAX) OF: every list of RFC 5280.
Reader enter_list(Reader& outer, std::string_view what) {
  Reader list = outer.enter(kSequence, what);
  if (list.done()) {
    list.refuse("it is empty");
  }
  return list;
}

std::vector<Oid> read_purposes(Reader& value) {
  Reader list = enter_list(value, "extendedKeyUsage");
  std::vector<Oid> purposes;
  while (!list.done()) {
    add_new(purposes, list.oid("purpose"), list);
  }
  return purposes;
}

// PolicyInformation ::= SEQUENCE { id, SEQUENCE SIZE (1..MAX) OF { id, ANY } OPTIONAL }
void read_policies(Reader& value) {
  Reader list = enter_list(value, "certificatePolicies");
  std::vector<Oid> policies;
  while (!list.done()) {
    Reader policy = list.enter(kSequence, "policy");
    add_new(policies, policy.oid("policy"), list);
    if (policy.done()) {
      continue;
    }
    Reader qualifiers = enter_list(policy, "policy qualifiers");
    policy.end();
    while (!qualifiers.done()) {
      Reader qualifier = qualifiers.enter(kSequence, "policy qualifier");
      const Oid id = qualifier.oid("policy qualifier");
      const der::Element content = qualifier.any();
      qualifier.end();
      if (id == kCpsQualifier &&
          (content.tag != der::tag::kIa5String || !is_visible_ascii(text_of(content.contents)))) {
        qualifier.refuse("a CPS pointer must be a URI");
      }
    }
  }
}

// What the subtrees say is read where it is decided on (NameConstraints).
void read_name_constraints(Reader& value) {
  Reader fields = enter_list(value, "nameConstraints");
  (void)fields.take_if(der::tag::context_constructed(0));
  (void)fields.take_if(der::tag::context_constructed(1));
  fields.end();
}

void read_policy_mappings(Reader& value) {
  Reader list = enter_list(value, "policyMappings");
  while (!list.done()) {
    Reader mapping = list.enter(kSequence, "policy mapping");
    const Oid issuer = mapping.oid("issuer domain policy");
    const Oid subject = mapping.oid("subject domain policy");
    mapping.end();
    if (issuer == kAnyPolicy || subject == kAnyPolicy) {
      list.refuse("anyPolicy cannot be mapped");
    }
  }
}

// [0] and [1] are IMPLICIT INTEGERs, (0..MAX): one octet is more than any path is long.
void read_policy_constraints(Reader& value) {
  Reader fields = enter_list(value, "policyConstraints");
  for (const unsigned number : {0U, 1U}) {
    const auto skipped = fields.take_if(der::tag::context(number));
    if (skipped && (skipped->contents.size() != 1 || skipped->contents[0] >= 0x80)) {
      fields.refuse("a number of certificates must be 0 to 127");
    }
  }
  fields.end();
}

void read_inhibit_any_policy(Reader& value) {
  (void)value.small_integer("inhibitAnyPolicy", kMaxSkippedCertificates);
}

void read_general_names(Reader& value) { (void)parse_general_names(value.any().whole); }

void read_access_descriptions(Reader& value) {
  Reader list = enter_list(value, "subjectInfoAccess");
  while (!list.done()) {
    Reader description = list.enter(kSequence, "access description");
    (void)description.oid("access method");
    (void)parse_general_names(der::element(kSequence, description.any().whole));
    description.end();
  }
}

void read_directory_attributes(Reader& value) {
  Reader list = enter_list(value, "subjectDirectoryAttributes");
  while (!list.done()) {
    Reader attribute = list.enter(kSequence, "attribute");
    (void)attribute.oid("attribute type");
    (void)attribute.take(der::tag::kSet, "attribute values");
    attribute.end();
  }
}

enum class Criticality { either, must, must_not };
struct Known {
  const char* id;
  void (*read)(Reader& value);
  Criticality criticality;
};
constexpr std::array kKnown{
    Known{oid::kKeyUsage, [](Reader& value) { (void)read_key_usage(value); }, Criticality::either},
    Known{oid::kExtendedKeyUsage, [](Reader& value) { (void)read_purposes(value); }, Criticality::either},
    Known{oid::kCertificatePolicies, read_policies, Criticality::either},
    Known{oid::kSubjectAltName, read_general_names, Criticality::either},
    Known{oid::kIssuerAltName, read_general_names, Criticality::either},
    Known{oid::kNameConstraints, read_name_constraints, Criticality::must},
    Known{oid::kPolicyConstraints, read_policy_constraints, Criticality::must},
    Known{oid::kInhibitAnyPolicy, read_inhibit_any_policy, Criticality::must},
    Known{oid::kPolicyMappings, read_policy_mappings, Criticality::either},
    Known{oid::kSubjectInfoAccess, read_access_descriptions, Criticality::must_not},
    Known{oid::kSubjectDirectoryAttributes, read_directory_attributes, Criticality::must_not},
};

void check_value(const Extension& extension, const Known* known) {
  der::check_well_formed(extension.value, "extension value");
  Reader value{extension.value, "extension value"};
  if (known != nullptr) {
    known->read(value);
  } else {
    (void)value.any();
  }
  value.end();
}

}  // namespace

std::optional<std::string> extension_complaint(const Extension& extension) {
  const auto found = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&](const Known& known) { return extension.id == known.id; });
  const Known* known = found == kKnown.end() ? nullptr : &*found;
  const std::string name = "extension " + extension.id;
  try {
    check_value(extension, known);
  } catch (const Error& error) {
    return name + " is not valid: " + error.what();
  }
  if (known != nullptr && known->criticality == Criticality::must && !extension.critical) {
    return name + " must be critical";
  }
  if (known != nullptr && known->criticality == Criticality::must_not && extension.critical) {
    return name + " must not be critical";
  }
  return std::nullopt;
}

unsigned usage_bits_of(const Extension& key_usage) {
  Reader value{key_usage.value, "keyUsage"};
  return read_key_usage(value);
}

std::vector<Oid> purposes_of(const Extension& extended_key_usage) {
  Reader value{extended_key_usage.value, "extendedKeyUsage"};
  return read_purposes(value);
}

Bytes encode_purposes(const std::vector<Oid>& purposes) {
  Bytes list;
  for (const Oid& purpose : purposes) {
    const Bytes id = der::oid(purpose);
    list.insert(list.end(), id.begin(), id.end());
  }
  return der::element(kSequence, list);
}

Bytes encode_certificate_policies(const std::vector<CertificatePolicy>& policies) {
  Bytes list;
  for (const CertificatePolicy& policy : policies) {
    Bytes qualifiers;
    for (const std::string& uri : policy.cps_uris) {
      if (const auto complaint = uri_complaint(uri)) {
        throw Error{Code::invalid_args, "CpsUri '" + uri.substr(0, kMaxTextInMessage) + "': " + *complaint};
      }
      const Bytes qualifier = der::element(
          kSequence, {der::oid(kCpsQualifier), der::element(der::tag::kIa5String, bytes_of(uri))});
      qualifiers.insert(qualifiers.end(), qualifier.begin(), qualifier.end());
    }
    const Bytes qualifier_list = qualifiers.empty() ? Bytes{} : der::element(kSequence, qualifiers);
    const Bytes information = der::element(kSequence, {der::oid(policy.id), qualifier_list});
    list.insert(list.end(), information.begin(), information.end());
  }
  return der::element(kSequence, list);
}

Bytes encode_access_descriptions(const std::vector<AccessDescription>& descriptions) {
  Bytes list;
  for (const AccessDescription& description : descriptions) {
    const Bytes names = encode_general_names({description.location});
    Reader outer{names, "access location"};
    Reader inner = outer.enter(kSequence, "access location");
    const Bytes access = der::element(kSequence, {der::oid(description.method), inner.any().whole});
    list.insert(list.end(), access.begin(), access.end());
  }
  return der::element(kSequence, list);
}

}  // namespace ca
