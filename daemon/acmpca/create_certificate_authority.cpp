#include "daemon/acmpca/extension_members.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {
using nlohmann::json;

ca::CreateAuthorityOrder read_create_order(const json& input) {
  const json& configuration = input.at("CertificateAuthorityConfiguration");
  return {
      .type = *ca::authority_type_from_api(required_string(input, "CertificateAuthorityType")),
      .key_algorithm = key_algorithm(configuration),
      .signing_algorithm = signing_algorithm(configuration),
      .subject = ca::encode_subject(subject_fields(configuration.at("Subject"))),
      .csr_extensions = csr_extensions(configuration),
      .configuration_json = configuration.dump(),
      .revocation = revocation(input).value_or(ca::RevocationConfiguration{}),
      .tags = tags(input),
      .usage_mode = optional_string(input, "UsageMode").value_or("GENERAL_PURPOSE"),
      .key_storage_security_standard =
          optional_string(input, "KeyStorageSecurityStandard").value_or("FIPS_140_2_LEVEL_3_OR_HIGHER"),
      .idempotency_token = optional_string(input, "IdempotencyToken"),
  };
}

json create_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                  const json& input) {
  return {{"CertificateAuthorityArn", authorities.create(caller, read_create_order(input)).text()}};
}

}  // namespace acmpca
