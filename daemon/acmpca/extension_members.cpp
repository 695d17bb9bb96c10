#include "daemon/acmpca/extension_members.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"
#include "ca/x509/extension_value.hpp"
#include "ca/x509/name_syntax.hpp"
#include "daemon/acmpca/members.hpp"

namespace acmpca {
namespace {

using ca::Code;
using ca::Error;
using nlohmann::json;
using Kind = ca::GeneralName::Kind;

struct NamedOid {
  std::string_view name;
  const char* id;
};

const char* oid_named(std::span<const NamedOid> known, std::string_view name) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const NamedOid& row) { return row.name == name; });
  if (found == known.end()) {
    throw Error{Code::internal, "an enum value without an object identifier"};
  }
  return found->id;
}

[[noreturn]] void refuse(const std::string& what) { throw Error{Code::invalid_args, what}; }

ca::Oid oid_of(const json& structure, const char* member) {
  const std::string& id = required_string(structure, member);
  (void)ca::der::oid(id);
  return id;
}

// The id that one of two members gives: the API's own name for it, or any.
ca::Oid one_of_two(const json& structure, const char* type, const char* other,
                   std::span<const NamedOid> known) {
  if (structure.contains(type) == structure.contains(other)) {
    refuse(std::string{"Give exactly one of "} + type + " and " + other);
  }
  return structure.contains(type) ? oid_named(known, required_string(structure, type))
                                  : oid_of(structure, other);
}

// The documentation: custom and standard attributes cannot be combined.
ca::DistinguishedName passed_name(const json& member) {
  const bool custom = member.contains("CustomAttributes");
  if (custom && member.size() > 1) {
    refuse("CustomAttributes cannot be combined with standard attributes of a subject");
  }
  return ca::encode_subject(subject_fields(member));
}

ca::GeneralName text_name(Kind kind, const std::string& text) {
  const ca::ByteView bytes = ca::bytes_of(text);
  ca::GeneralName name{kind, ca::Bytes(bytes.begin(), bytes.end())};
  if (const auto complaint = ca::name_complaint(name)) {
    refuse("'" + text.substr(0, 100) + "': " + *complaint);
  }
  return name;
}

ca::GeneralName general_name(const json& member) {
  if (member.size() != 1) {
    refuse("A GeneralName must have exactly one member");
  }
  const std::string& form = member.begin().key();
  const json& value = member.begin().value();
  if (form == "Rfc822Name") {
    return text_name(Kind::email, value.get<std::string>());
  }
  if (form == "DnsName") {
    return text_name(Kind::dns, value.get<std::string>());
  }
  if (form == "UniformResourceIdentifier") {
    return text_name(Kind::uri, value.get<std::string>());
  }
  if (form == "IpAddress") {
    return ca::ip_name(value.get<std::string>());
  }
  if (form == "DirectoryName") {
    return {Kind::directory, passed_name(value).der()};
  }
  if (form == "RegisteredId") {
    return ca::registered_id_name(value.get<std::string>());
  }
  if (form == "OtherName") {
    return ca::other_name(required_string(value, "TypeId"), required_string(value, "Value"));
  }
  refuse(form + " is not supported: no relying party compares such names");
}

unsigned usage_bits(const json& usage) {
  // RFC 5280, 4.2.1.3: the order is that of the bits.
  static constexpr std::array kUsages{"DigitalSignature", "NonRepudiation", "KeyEncipherment",
                                      "DataEncipherment", "KeyAgreement",   "KeyCertSign",
                                      "CRLSign",          "EncipherOnly",   "DecipherOnly"};
  unsigned bits = 0;
  for (std::size_t i = 0; i < kUsages.size(); ++i) {
    const auto found = usage.find(kUsages[i]);
    bits |= found != usage.end() && found->get<bool>() ? 1U << i : 0U;
  }
  return bits;
}

ca::Extension key_usage(const json& member) {
  return {ca::oid::kKeyUsage, true, ca::der::named_bits(usage_bits(member))};
}

ca::Extension extended_key_usage(const json& list) {
  static constexpr std::array kPurposes{NamedOid{"SERVER_AUTH", ca::oid::kServerAuth},
                                        NamedOid{"CLIENT_AUTH", ca::oid::kClientAuth},
                                        NamedOid{"CODE_SIGNING", ca::oid::kCodeSigning},
                                        NamedOid{"EMAIL_PROTECTION", "1.3.6.1.5.5.7.3.4"},
                                        NamedOid{"TIME_STAMPING", "1.3.6.1.5.5.7.3.8"},
                                        NamedOid{"OCSP_SIGNING", ca::oid::kOcspSigning},
                                        NamedOid{"SMART_CARD_LOGIN", "1.3.6.1.4.1.311.20.2.2"},
                                        NamedOid{"DOCUMENT_SIGNING", "1.3.6.1.4.1.311.10.3.12"},
                                        NamedOid{"CERTIFICATE_TRANSPARENCY", "1.3.6.1.4.1.11129.2.4.4"}};
  std::vector<ca::Oid> purposes;
  for (const json& purpose : list) {
    purposes.push_back(
        one_of_two(purpose, "ExtendedKeyUsageType", "ExtendedKeyUsageObjectIdentifier", kPurposes));
  }
  return {ca::oid::kExtendedKeyUsage, false, ca::encode_purposes(purposes)};
}

ca::Extension certificate_policies(const json& list) {
  std::vector<ca::CertificatePolicy> policies;
  for (const json& information : list) {
    ca::CertificatePolicy policy{oid_of(information, "CertPolicyId"), {}};
    if (const auto qualifiers = information.find("PolicyQualifiers"); qualifiers != information.end()) {
      for (const json& qualifier : *qualifiers) {
        policy.cps_uris.push_back(required_string(qualifier.at("Qualifier"), "CpsUri"));
      }
    }
    policies.push_back(std::move(policy));
  }
  return {ca::oid::kCertificatePolicies, false, ca::encode_certificate_policies(policies)};
}

ca::Extension alt_names(const json& list) {
  std::vector<ca::GeneralName> names;
  for (const json& name : list) {
    names.push_back(general_name(name));
  }
  return {ca::oid::kSubjectAltName, false, ca::encode_general_names(names)};
}

ca::Extension custom_extension(const json& member) {
  const auto critical = member.find("Critical");
  return {oid_of(member, "ObjectIdentifier"), critical != member.end() && critical->get<bool>(),
          ca::from_base64(required_string(member, "Value"))};
}

ca::Extension subject_information_access(const json& list) {
  static constexpr std::array kMethods{NamedOid{"CA_REPOSITORY", "1.3.6.1.5.5.7.48.5"},
                                       NamedOid{"RESOURCE_PKI_MANIFEST", "1.3.6.1.5.5.7.48.10"},
                                       NamedOid{"RESOURCE_PKI_NOTIFY", "1.3.6.1.5.5.7.48.13"}};
  static constexpr std::size_t kMaxDescriptions = 20;  // as of the model's other lists in extensions
  if (list.size() > kMaxDescriptions) {
    refuse("SubjectInformationAccess has more than " + std::to_string(kMaxDescriptions) + " entries");
  }
  std::vector<ca::AccessDescription> descriptions;
  for (const json& description : list) {
    descriptions.push_back(
        {one_of_two(description.at("AccessMethod"), "AccessMethodType", "CustomObjectIdentifier", kMethods),
         general_name(description.at("AccessLocation"))});
  }
  return {ca::oid::kSubjectInfoAccess, false, ca::encode_access_descriptions(descriptions)};
}

void add(std::vector<ca::Extension>& extensions, ca::Extension extension) {
  const bool twice = std::any_of(extensions.begin(), extensions.end(),
                                 [&](const ca::Extension& earlier) { return earlier.id == extension.id; });
  if (twice) {
    refuse("ApiPassthrough: extension " + extension.id + " is given twice");
  }
  extensions.push_back(std::move(extension));
}

}  // namespace

ca::ApiPassthrough api_passthrough(const json& input) {
  ca::ApiPassthrough passed;
  const auto member = input.find("ApiPassthrough");
  if (member == input.end()) {
    return passed;
  }
  if (const auto subject = member->find("Subject"); subject != member->end()) {
    auto name = passed_name(*subject);
    if (!name.empty()) {
      passed.subject = std::move(name);
    }
  }
  const auto extensions = member->find("Extensions");
  if (extensions == member->end()) {
    return passed;
  }
  static constexpr std::array<std::pair<const char*, ca::Extension (*)(const json&)>, 4> kTyped{
      {{"CertificatePolicies", certificate_policies},
       {"ExtendedKeyUsage", extended_key_usage},
       {"KeyUsage", key_usage},
       {"SubjectAlternativeNames", alt_names}}};
  for (const auto& [name, read] : kTyped) {
    if (const auto typed = extensions->find(name); typed != extensions->end()) {
      add(passed.extensions, read(*typed));
    }
  }
  if (const auto custom = extensions->find("CustomExtensions"); custom != extensions->end()) {
    for (const json& extension : *custom) {
      add(passed.extensions, custom_extension(extension));
    }
  }
  return passed;
}

std::vector<ca::Extension> csr_extensions(const json& configuration) {
  std::vector<ca::Extension> extensions;
  const auto member = configuration.find("CsrExtensions");
  if (member == configuration.end()) {
    return extensions;
  }
  if (const auto usage = member->find("KeyUsage"); usage != member->end()) {
    extensions.push_back(key_usage(*usage));
  }
  if (const auto access = member->find("SubjectInformationAccess");
      access != member->end() && !access->empty()) {
    extensions.push_back(subject_information_access(*access));
  }
  return extensions;
}

}  // namespace acmpca
