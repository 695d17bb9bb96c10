#include "ca/base/error.hpp"
#include "daemon/acmpca/extension_members.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

ca::IssuanceOrder read_issuance_order(const nlohmann::json& input) {
  ca::IssuanceOrder order{
      .authority = authority_arn(input),
      .csr_pem = required_blob(input, "Csr"),
      .template_arn = optional_string(input, "TemplateArn").value_or(""),
      .signing_algorithm = signing_algorithm(input),
      .validity = validity(input.at("Validity")),
      .not_before = std::nullopt,
      .api = api_passthrough(input),
      .idempotency_token = optional_string(input, "IdempotencyToken"),
  };
  if (const auto not_before = input.find("ValidityNotBefore"); not_before != input.end()) {
    order.not_before = validity(*not_before);
    if (order.not_before->type != ca::ValidityRequest::Type::absolute) {
      throw ca::Error{ca::Code::invalid_args, "ValidityNotBefore must be of type ABSOLUTE"};
    }
  }
  return order;
}

nlohmann::json issue_certificate(ca::AuthorityService& authorities, const ca::Caller& caller,
                                 const nlohmann::json& input) {
  return {{"CertificateArn", authorities.issue(caller, read_issuance_order(input)).text()}};
}

}  // namespace acmpca
