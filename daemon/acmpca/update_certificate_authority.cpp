#include "ca/base/error.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json update_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                            const nlohmann::json& input) {
  const ca::AuthorityArn arn = authority_arn(input);
  const auto status = optional_string(input, "Status");
  const ca::AuthorityUpdate wanted{
      .status = status ? ca::authority_status_from_api(*status) : std::nullopt,
      .revocation = revocation(input),
  };
  if (!wanted.status && !wanted.revocation) {
    throw ca::Error{ca::Code::invalid_args, "Status or RevocationConfiguration must be given"};
  }
  authorities.update(caller, arn, wanted);
  return nullptr;
}

}  // namespace acmpca
