#include "daemon/acmpca/authority_json.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {
namespace {

constexpr std::size_t kMaxPage = 100;  // AWS returns no more, whatever MaxResults asks for

}  // namespace

nlohmann::json list_certificate_authorities(ca::AuthorityService& authorities, const ca::Caller& caller,
                                            const nlohmann::json& input) {
  const std::size_t asked = input.value("MaxResults", kMaxPage);
  const std::string token = optional_string(input, "NextToken").value_or("");
  const bool of_others = optional_string(input, "ResourceOwner") == "OTHER_ACCOUNTS";
  const auto page =
      of_others ? authorities.list_shared(caller, asked, token) : authorities.list(caller, asked, token);
  nlohmann::json out{{"CertificateAuthorities", nlohmann::json::array()}};
  for (const ca::AuthorityRecord& record : page.authorities) {
    out["CertificateAuthorities"].push_back(authority_json(record));
  }
  if (!page.next_token.empty()) {
    out["NextToken"] = page.next_token;
  }
  return out;
}

}  // namespace acmpca
