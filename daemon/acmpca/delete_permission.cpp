#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json delete_permission(ca::AuthorityService& authorities, const ca::Caller& caller,
                                 const nlohmann::json& input) {
  authorities.delete_permission(caller, authority_arn(input), required_string(input, "Principal"),
                                optional_string(input, "SourceAccount").value_or(""));
  return nullptr;
}

}  // namespace acmpca
