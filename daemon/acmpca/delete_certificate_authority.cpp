#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json delete_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                            const nlohmann::json& input) {
  static constexpr int kDefaultDays = 30;
  authorities.remove(caller, authority_arn(input), input.value("PermanentDeletionTimeInDays", kDefaultDays));
  return nullptr;
}

}  // namespace acmpca
