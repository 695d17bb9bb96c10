#include "ca/base/error.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json update_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                            const nlohmann::json& input) {
  const ca::AuthorityArn arn = authority_arn(input);
  require_revocation_disabled(input);
  if (const auto status = optional_string(input, "Status")) {
    authorities.update_status(caller, arn, *ca::authority_status_from_api(*status));
    return nullptr;
  }
  if (!input.contains("RevocationConfiguration")) {
    throw ca::Error{ca::Code::invalid_args, "Status or RevocationConfiguration must be given"};
  }
  // Revocation is disabled already, so nothing is written: only the answer must be that of an update.
  const ca::AuthorityStatus current = authorities.describe(caller, arn).status;
  if (current != ca::AuthorityStatus::active && current != ca::AuthorityStatus::disabled) {
    throw ca::Error{ca::Code::invalid_state,
                    "The certificate authority must be in the ACTIVE or DISABLED state to be updated"};
  }
  return nullptr;
}

}  // namespace acmpca
