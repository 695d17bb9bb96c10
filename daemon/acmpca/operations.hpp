#pragma once
#include <nlohmann/json.hpp>
#include <string_view>

#include "ca/authority/authority_service.hpp"
#include "daemon/acmpca/shapes.hpp"
#include "daemon/http/router.hpp"

namespace acmpca {

// One operation, one file. Each reads an input that its shape has checked, orders it from the authority and
// writes the output; null means an empty body. A ca::Error leaves through the dispatcher.
using Handler = nlohmann::json (*)(ca::AuthorityService&, const ca::Caller&, const nlohmann::json& input);

nlohmann::json create_certificate_authority_audit_report(ca::AuthorityService&, const ca::Caller&,
                                                         const nlohmann::json&);
nlohmann::json create_certificate_authority(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json create_permission(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json delete_certificate_authority(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json delete_permission(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json delete_policy(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json describe_certificate_authority_audit_report(ca::AuthorityService&, const ca::Caller&,
                                                           const nlohmann::json&);
nlohmann::json describe_certificate_authority(ca::AuthorityService&, const ca::Caller&,
                                              const nlohmann::json&);
nlohmann::json get_certificate(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json get_certificate_authority_certificate(ca::AuthorityService&, const ca::Caller&,
                                                     const nlohmann::json&);
nlohmann::json get_certificate_authority_csr(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json get_policy(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json import_certificate_authority_certificate(ca::AuthorityService&, const ca::Caller&,
                                                        const nlohmann::json&);
nlohmann::json issue_certificate(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json list_certificate_authorities(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json list_permissions(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json list_tags(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json put_policy(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json restore_certificate_authority(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json revoke_certificate(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json tag_certificate_authority(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json untag_certificate_authority(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);
nlohmann::json update_certificate_authority(ca::AuthorityService&, const ca::Caller&, const nlohmann::json&);

// What those with a decision of their own read. Pure.
[[nodiscard]] ca::CreateAuthorityOrder read_create_order(const nlohmann::json& input);
[[nodiscard]] ca::IssuanceOrder read_issuance_order(const nlohmann::json& input);

// A policy of 20 KiB, each of whose characters may be escaped.
inline constexpr std::size_t kPolicyBody = std::size_t{128} * 1024;
// A certificate of 32 KiB and a chain of 2 MiB in base64, and 64 KiB for what a client writes around them:
// slashes may be escaped.
inline constexpr std::size_t kImportBody = std::size_t{4} * (32 + 2048) * 1024 / 3 + std::size_t{64} * 1024;

struct Operation {
  std::string_view name;
  const Shape* shape;
  Handler handler;
  http::Pool pool;
  std::size_t max_body = http::kOrdinaryBody;
};
// nullptr: the API has none of that name.
[[nodiscard]] const Operation* find_operation(std::string_view name);

}  // namespace acmpca
