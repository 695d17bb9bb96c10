#include "daemon/acmpca/members.hpp"

#include "ca/base/base64.hpp"
#include "ca/base/error.hpp"

namespace acmpca {

using ca::Code;
using ca::Error;
using nlohmann::json;

const std::string& required_string(const json& input, const char* member) {
  return input.at(member).get_ref<const std::string&>();
}

std::optional<std::string> optional_string(const json& input, const char* member) {
  const auto found = input.find(member);
  return found == input.end() ? std::nullopt : std::optional{found->get<std::string>()};
}

ca::AuthorityArn authority_arn(const json& input) {
  return ca::AuthorityArn::parse(required_string(input, "CertificateAuthorityArn"));
}

ca::AuthorityArn resource_arn(const json& input) {
  return ca::AuthorityArn::parse(required_string(input, "ResourceArn"));
}

std::string required_blob(const json& input, const char* member) {
  return ca::text_of(ca::from_base64(required_string(input, member)));
}

std::optional<std::string> optional_blob(const json& input, const char* member) {
  return input.contains(member) ? std::optional{required_blob(input, member)} : std::nullopt;
}

std::vector<ca::Tag> tags(const json& input) {
  std::vector<ca::Tag> tags;
  if (const auto list = input.find("Tags"); list != input.end()) {
    for (const json& tag : *list) {
      tags.push_back({required_string(tag, "Key"), optional_string(tag, "Value").value_or("")});
    }
  }
  return tags;
}

ca::KeyAlgorithm key_algorithm(const json& input) {
  const std::string& name = required_string(input, "KeyAlgorithm");
  const auto algorithm = ca::key_algorithm_from_api(name);
  if (!algorithm) {
    throw Error{Code::invalid_args, "KeyAlgorithm " + name + ": the token has no such mechanism"};
  }
  return *algorithm;
}

ca::SigningAlgorithm signing_algorithm(const json& input) {
  const std::string& name = required_string(input, "SigningAlgorithm");
  const auto algorithm = ca::signing_algorithm_from_api(name);
  if (!algorithm) {
    throw Error{Code::invalid_args, "SigningAlgorithm " + name + ": the token has no such mechanism"};
  }
  return *algorithm;
}

ca::ValidityRequest validity(const json& member) {
  using Type = ca::ValidityRequest::Type;
  const std::string& type = required_string(member, "Type");
  const long value = member.at("Value").get<long>();
  if (type == "END_DATE") {
    return {.value = value, .type = Type::end_date};
  }
  if (type == "ABSOLUTE") {
    return {.value = value, .type = Type::absolute};
  }
  if (type == "DAYS") {
    return {.value = value, .type = Type::days};
  }
  if (type == "MONTHS") {
    return {.value = value, .type = Type::months};
  }
  return {.value = value, .type = Type::years};
}

ca::SubjectFields subject_fields(const json& subject) {
  ca::SubjectFields fields{
      .country = optional_string(subject, "Country"),
      .organization = optional_string(subject, "Organization"),
      .organizational_unit = optional_string(subject, "OrganizationalUnit"),
      .distinguished_name_qualifier = optional_string(subject, "DistinguishedNameQualifier"),
      .state = optional_string(subject, "State"),
      .common_name = optional_string(subject, "CommonName"),
      .serial_number = optional_string(subject, "SerialNumber"),
      .locality = optional_string(subject, "Locality"),
      .title = optional_string(subject, "Title"),
      .surname = optional_string(subject, "Surname"),
      .given_name = optional_string(subject, "GivenName"),
      .initials = optional_string(subject, "Initials"),
      .pseudonym = optional_string(subject, "Pseudonym"),
      .generation_qualifier = optional_string(subject, "GenerationQualifier"),
      .custom = {},
  };
  if (const auto custom = subject.find("CustomAttributes"); custom != subject.end()) {
    for (const json& attribute : *custom) {
      fields.custom.push_back(
          {required_string(attribute, "ObjectIdentifier"), required_string(attribute, "Value")});
    }
  }
  return fields;
}

std::optional<ca::RevocationConfiguration> revocation(const json& input) {
  const auto configuration = input.find("RevocationConfiguration");
  return configuration == input.end()
             ? std::nullopt
             : std::optional{ca::RevocationConfiguration::parse(configuration->dump())};
}

}  // namespace acmpca
