#include <algorithm>

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
  const auto page =
      authorities.list(caller, std::min(asked, kMaxPage), optional_string(input, "NextToken").value_or(""));
  nlohmann::json out{{"CertificateAuthorities", nlohmann::json::array()}};
  // Nothing is shared between accounts: to ask for the others' is allowed and finds none.
  if (optional_string(input, "ResourceOwner") == "OTHER_ACCOUNTS") {
    return out;
  }
  for (const ca::AuthorityRecord& record : page.authorities) {
    out["CertificateAuthorities"].push_back(authority_json(record));
  }
  if (!page.next_token.empty()) {
    out["NextToken"] = page.next_token;
  }
  return out;
}

}  // namespace acmpca
