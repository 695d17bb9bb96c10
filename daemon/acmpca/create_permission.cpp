#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json create_permission(ca::AuthorityService& authorities, const ca::Caller& caller,
                                 const nlohmann::json& input) {
  authorities.create_permission(caller, authority_arn(input),
                                {.principal = required_string(input, "Principal"),
                                 .source_account = optional_string(input, "SourceAccount").value_or(""),
                                 .actions = input.at("Actions").get<std::vector<std::string>>()});
  return nullptr;
}

}  // namespace acmpca
