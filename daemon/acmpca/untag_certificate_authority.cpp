#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json untag_certificate_authority(ca::AuthorityService& authorities, const ca::Caller& caller,
                                           const nlohmann::json& input) {
  std::vector<ca::TagToRemove> tags;
  for (const nlohmann::json& tag : input.at("Tags")) {
    tags.push_back({required_string(tag, "Key"), optional_string(tag, "Value")});
  }
  authorities.untag(caller, authority_arn(input), tags);
  return nullptr;
}

}  // namespace acmpca
