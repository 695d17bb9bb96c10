#include "ca/templates/template.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "ca/base/error.hpp"

namespace ca {
namespace {

using Basic = Template::BasicConstraints;
using Usage = Template::KeyUsage;
using Extended = Template::ExtendedKeyUsage;
using Names = Template::NameSource;

// What a template's name ends with: whose extensions may pass beside the fixed ones.
enum class Suffix { base, csr, api, api_csr };

constexpr Template row(std::string_view name, Suffix suffix) {
  const bool csr = suffix == Suffix::csr || suffix == Suffix::api_csr;
  const bool api = suffix == Suffix::api || suffix == Suffix::api_csr;
  return {.name = name,
          .basic_constraints = Basic::end_entity,
          .path_length = std::nullopt,
          .authority_key_id = true,
          .subject_key_id = true,
          .key_usage = Usage::passthrough,
          .extended_key_usage = Extended::passthrough,
          .names_from = api ? Names::api_else_request : Names::request,
          .csr_passthrough = csr,
          .api_passthrough = api,
          .is_ca = false,
          .is_root = false};
}

constexpr Template leaf(std::string_view name, Usage usage, Extended extended, Suffix suffix = Suffix::base) {
  Template made = row(name, suffix);
  made.key_usage = usage;
  made.extended_key_usage = extended;
  return made;
}

constexpr Template critical_leaf(std::string_view name, Suffix suffix) {
  Template made = row(name, suffix);
  made.basic_constraints = Basic::end_entity_critical;
  return made;
}

constexpr Template blank_authority(std::string_view name, int path_length, Suffix suffix) {
  Template made = row(name, suffix);
  made.basic_constraints = Basic::authority;
  made.path_length = path_length;
  made.is_ca = true;
  return made;
}

constexpr Template authority(std::string_view name, int path_length, Suffix suffix = Suffix::base) {
  Template made = blank_authority(name, path_length, suffix);
  made.key_usage = Usage::authority;
  made.extended_key_usage = Extended::none;
  return made;
}

constexpr Template blank_root(std::string_view name, std::optional<int> path_length) {
  Template made = blank_authority(name, 0, Suffix::api);
  made.path_length = path_length;
  made.authority_key_id = false;
  made.is_root = true;
  return made;
}

constexpr Template root(std::string_view name, Suffix suffix = Suffix::base) {
  Template made = authority(name, 0, suffix);
  made.path_length = std::nullopt;
  made.authority_key_id = false;
  made.is_root = true;
  return made;
}

// Not constexpr: clang 14 does not evaluate assignments of std::optional at compile time.
const std::array<Template, 61> kTemplates{
    leaf("EndEntityCertificate", Usage::signature_and_encipherment, Extended::server_and_client),
    leaf("EndEntityCertificate_CSRPassthrough", Usage::signature_and_encipherment,
         Extended::server_and_client, Suffix::csr),
    leaf("EndEntityCertificate_APIPassthrough", Usage::signature_and_encipherment,
         Extended::server_and_client, Suffix::api),
    leaf("EndEntityCertificate_APICSRPassthrough", Usage::signature_and_encipherment,
         Extended::server_and_client, Suffix::api_csr),
    leaf("EndEntityClientAuthCertificate", Usage::signature_and_encipherment, Extended::client),
    leaf("EndEntityClientAuthCertificate_CSRPassthrough", Usage::signature_and_encipherment, Extended::client,
         Suffix::csr),
    leaf("EndEntityClientAuthCertificate_APIPassthrough", Usage::signature_and_encipherment, Extended::client,
         Suffix::api),
    leaf("EndEntityClientAuthCertificate_APICSRPassthrough", Usage::signature_and_encipherment,
         Extended::client, Suffix::api_csr),
    leaf("EndEntityServerAuthCertificate", Usage::signature_and_encipherment, Extended::server),
    leaf("EndEntityServerAuthCertificate_CSRPassthrough", Usage::signature_and_encipherment, Extended::server,
         Suffix::csr),
    leaf("EndEntityServerAuthCertificate_APIPassthrough", Usage::signature_and_encipherment, Extended::server,
         Suffix::api),
    leaf("EndEntityServerAuthCertificate_APICSRPassthrough", Usage::signature_and_encipherment,
         Extended::server, Suffix::api_csr),
    leaf("CodeSigningCertificate", Usage::signature, Extended::code_signing),
    leaf("CodeSigningCertificate_CSRPassthrough", Usage::signature, Extended::code_signing, Suffix::csr),
    leaf("CodeSigningCertificate_APIPassthrough", Usage::signature, Extended::code_signing, Suffix::api),
    leaf("CodeSigningCertificate_APICSRPassthrough", Usage::signature, Extended::code_signing,
         Suffix::api_csr),
    leaf("OCSPSigningCertificate", Usage::signature, Extended::ocsp_signing),
    leaf("OCSPSigningCertificate_CSRPassthrough", Usage::signature, Extended::ocsp_signing, Suffix::csr),
    leaf("OCSPSigningCertificate_APIPassthrough", Usage::signature, Extended::ocsp_signing, Suffix::api),
    leaf("OCSPSigningCertificate_APICSRPassthrough", Usage::signature, Extended::ocsp_signing,
         Suffix::api_csr),
    leaf("BlankEndEntityCertificate_CSRPassthrough", Usage::passthrough, Extended::passthrough, Suffix::csr),
    leaf("BlankEndEntityCertificate_APIPassthrough", Usage::passthrough, Extended::passthrough, Suffix::api),
    leaf("BlankEndEntityCertificate_APICSRPassthrough", Usage::passthrough, Extended::passthrough,
         Suffix::api_csr),
    critical_leaf("BlankEndEntityCertificate_CriticalBasicConstraints_CSRPassthrough", Suffix::csr),
    critical_leaf("BlankEndEntityCertificate_CriticalBasicConstraints_APIPassthrough", Suffix::api),
    critical_leaf("BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough", Suffix::api_csr),
    root("RootCACertificate"),
    root("RootCACertificate_APIPassthrough", Suffix::api),
    blank_root("BlankRootCACertificate_APIPassthrough", std::nullopt),
    blank_root("BlankRootCACertificate_PathLen0_APIPassthrough", 0),
    blank_root("BlankRootCACertificate_PathLen1_APIPassthrough", 1),
    blank_root("BlankRootCACertificate_PathLen2_APIPassthrough", 2),
    blank_root("BlankRootCACertificate_PathLen3_APIPassthrough", 3),
    authority("SubordinateCACertificate_PathLen0", 0),
    authority("SubordinateCACertificate_PathLen0_CSRPassthrough", 0, Suffix::csr),
    authority("SubordinateCACertificate_PathLen0_APIPassthrough", 0, Suffix::api),
    authority("SubordinateCACertificate_PathLen0_APICSRPassthrough", 0, Suffix::api_csr),
    authority("SubordinateCACertificate_PathLen1", 1),
    authority("SubordinateCACertificate_PathLen1_CSRPassthrough", 1, Suffix::csr),
    authority("SubordinateCACertificate_PathLen1_APIPassthrough", 1, Suffix::api),
    authority("SubordinateCACertificate_PathLen1_APICSRPassthrough", 1, Suffix::api_csr),
    authority("SubordinateCACertificate_PathLen2", 2),
    authority("SubordinateCACertificate_PathLen2_CSRPassthrough", 2, Suffix::csr),
    authority("SubordinateCACertificate_PathLen2_APIPassthrough", 2, Suffix::api),
    authority("SubordinateCACertificate_PathLen2_APICSRPassthrough", 2, Suffix::api_csr),
    authority("SubordinateCACertificate_PathLen3", 3),
    authority("SubordinateCACertificate_PathLen3_CSRPassthrough", 3, Suffix::csr),
    authority("SubordinateCACertificate_PathLen3_APIPassthrough", 3, Suffix::api),
    authority("SubordinateCACertificate_PathLen3_APICSRPassthrough", 3, Suffix::api_csr),
    blank_authority("BlankSubordinateCACertificate_PathLen0_CSRPassthrough", 0, Suffix::csr),
    blank_authority("BlankSubordinateCACertificate_PathLen0_APIPassthrough", 0, Suffix::api),
    blank_authority("BlankSubordinateCACertificate_PathLen0_APICSRPassthrough", 0, Suffix::api_csr),
    blank_authority("BlankSubordinateCACertificate_PathLen1_CSRPassthrough", 1, Suffix::csr),
    blank_authority("BlankSubordinateCACertificate_PathLen1_APIPassthrough", 1, Suffix::api),
    blank_authority("BlankSubordinateCACertificate_PathLen1_APICSRPassthrough", 1, Suffix::api_csr),
    blank_authority("BlankSubordinateCACertificate_PathLen2_CSRPassthrough", 2, Suffix::csr),
    blank_authority("BlankSubordinateCACertificate_PathLen2_APIPassthrough", 2, Suffix::api),
    blank_authority("BlankSubordinateCACertificate_PathLen2_APICSRPassthrough", 2, Suffix::api_csr),
    blank_authority("BlankSubordinateCACertificate_PathLen3_CSRPassthrough", 3, Suffix::csr),
    blank_authority("BlankSubordinateCACertificate_PathLen3_APIPassthrough", 3, Suffix::api),
    blank_authority("BlankSubordinateCACertificate_PathLen3_APICSRPassthrough", 3, Suffix::api_csr),
};

}  // namespace

std::span<const Template> all_templates() { return kTemplates; }

const Template& find_template(const TemplateArn& arn) {
  const auto found = std::find_if(kTemplates.begin(), kTemplates.end(),
                                  [&](const Template& known) { return known.name == arn.name; });
  if (found == kTemplates.end()) {
    throw Error{Code::invalid_args, "There is no certificate template " + arn.text()};
  }
  return *found;
}

std::optional<std::string> provisioning_complaint(const Template& tmpl) {
  if (tmpl.is_ca) {
    return "template " + std::string{tmpl.name} + " makes certificates of authorities, which no device gets";
  }
  if (tmpl.extended_key_usage == Template::ExtendedKeyUsage::ocsp_signing) {
    return "template " + std::string{tmpl.name} + " makes who answers for the authority's revocations";
  }
  if (tmpl.csr_passthrough) {
    return "template " + std::string{tmpl.name} + " lets a device choose extensions by its CSR";
  }
  return std::nullopt;
}

}  // namespace ca
