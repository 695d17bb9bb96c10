#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ca/inventory/records.hpp"
#include "ca/issuance/validity.hpp"
#include "ca/policy/name_rules.hpp"
#include "ca/policy/permissions.hpp"
#include "ca/policy/revocation_configuration.hpp"
#include "ca/policy/tags.hpp"
#include "ca/templates/passthrough.hpp"

namespace ca {

// What a protocol asks of the authority: typed, within the API's constraints, nothing decided yet.

struct CreateAuthorityOrder {
  AuthorityType type = AuthorityType::root;
  KeyAlgorithm key_algorithm = KeyAlgorithm::ec_p256;
  SigningAlgorithm signing_algorithm = SigningAlgorithm::sha256_with_ecdsa;
  DistinguishedName subject;
  std::vector<Extension> csr_extensions;
  std::string configuration_json;
  RevocationConfiguration revocation;
  std::vector<Tag> tags;
  std::string usage_mode;
  std::string key_storage_security_standard;
  std::optional<std::string> idempotency_token;
};

// Absent: stays as it is.
struct AuthorityUpdate {
  std::optional<AuthorityStatus> status;
  std::optional<RevocationConfiguration> revocation;
};

struct IssuanceOrder {
  AuthorityArn authority;
  std::string csr_pem;
  std::string template_arn;  // as sent; EndEntityCertificate/V1 when absent
  SigningAlgorithm signing_algorithm = SigningAlgorithm::sha256_with_ecdsa;
  ValidityRequest validity;
  std::optional<ValidityRequest> not_before;
  ApiPassthrough api;  // counts only with a template that takes it
  std::optional<std::string> idempotency_token;
};

struct ProvisioningOrder {
  std::string device_id;
  std::string csr_pem;
  std::string profile = "default";
  std::optional<std::string> idempotency_token;
};

// How devices get certificates through POST /provision. Patterns may hold {device_id}.
struct ProvisioningProfile {
  std::string name = "default";
  AuthorityArn authority;
  std::string template_name = "EndEntityClientAuthCertificate";
  int validity_days = 90;
  NameGrant names;
};

struct CertificatePem {
  std::string certificate;           // no newline at the end
  std::optional<std::string> chain;  // issuer first, root last; absent for a root
};

struct ProvisioningResult {
  CertificateRecord record;           // state PENDING: not signed yet, poll
  std::optional<CertificatePem> pem;  // set when ISSUED
};

struct ReportOrder {
  AuthorityArn authority;
  std::string bucket;
  ReportFormat format = ReportFormat::json;
};

struct ImportOrder {
  AuthorityArn authority;
  std::string certificate_pem;
  std::optional<std::string> chain_pem;
};

}  // namespace ca
