#include "ca/base/error.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json update_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                            const nlohmann::json& input) {
  const ca::AuthorityArn arn = authority_arn(input);
  require_revocation_disabled(input);
  const auto status = optional_string(input, "Status");
  if (!status && !input.contains("RevocationConfiguration")) {
    throw ca::Error{ca::Code::invalid_args, "Status or RevocationConfiguration must be given"};
  }
  // Revocation is disabled already: without a status nothing changes, and the caller must be allowed to all
  // the same.
  authorities.update(caller, arn, status ? ca::authority_status_from_api(*status) : std::nullopt);
  return nullptr;
}

}  // namespace acmpca
