#include <sstream>

#include "ca/templates/template.hpp"
#include "tests/support/catch.hpp"

using ca::Template;

namespace {

// The table of the documentation ("Template definitions", AWS Private CA), written out row by row: name,
// basicConstraints, AKI, SKI, keyUsage, extendedKeyUsage, where subject and SAN come from, where the CRL
// distribution point comes from, whether other extensions of the CSR and of the API pass.
//
// BC-EE is no authority, BC-CA<n> one with path length n. KU-EE is digitalSignature and keyEncipherment,
// KU-DS digitalSignature, KU-CA digitalSignature, keyCertSign and cRLSign. EKU-SC is serverAuth and
// clientAuth, -S and -C one of them, -CS codeSigning, -OCSP OCSPSigning. An exclamation mark is critical,
// "pass" only what is passed through, "custom" a custom extension of the API.
//
// The documentation prints "cfg|CSR" in row 5 and "API|CSR" as the source of names in row 24, against its own
// text: both are read as slips. RootCACertificate_APIPassthrough has an AKI only when the API gives one.
constexpr const char* kDocumented = R"(
EndEntityCertificate BC-EE AKI SKI KU-EE EKU-SC CSR cfg - -
EndEntityCertificate_CSRPassthrough BC-EE AKI SKI KU-EE EKU-SC CSR cfg|CSR csr -
EndEntityCertificate_APIPassthrough BC-EE AKI SKI KU-EE EKU-SC API|CSR cfg - api
EndEntityCertificate_APICSRPassthrough BC-EE AKI SKI KU-EE EKU-SC API|CSR cfg|CSR csr api
EndEntityClientAuthCertificate BC-EE AKI SKI KU-EE EKU-C CSR cfg - -
EndEntityClientAuthCertificate_CSRPassthrough BC-EE AKI SKI KU-EE EKU-C CSR cfg|CSR csr -
EndEntityClientAuthCertificate_APIPassthrough BC-EE AKI SKI KU-EE EKU-C API|CSR cfg - api
EndEntityClientAuthCertificate_APICSRPassthrough BC-EE AKI SKI KU-EE EKU-C API|CSR cfg|CSR csr api
EndEntityServerAuthCertificate BC-EE AKI SKI KU-EE EKU-S CSR cfg - -
EndEntityServerAuthCertificate_CSRPassthrough BC-EE AKI SKI KU-EE EKU-S CSR cfg|CSR csr -
EndEntityServerAuthCertificate_APIPassthrough BC-EE AKI SKI KU-EE EKU-S API|CSR cfg - api
EndEntityServerAuthCertificate_APICSRPassthrough BC-EE AKI SKI KU-EE EKU-S API|CSR cfg|CSR csr api
CodeSigningCertificate BC-EE AKI SKI KU-DS EKU-CS! CSR cfg - -
CodeSigningCertificate_CSRPassthrough BC-EE AKI SKI KU-DS EKU-CS! CSR cfg|CSR csr -
CodeSigningCertificate_APIPassthrough BC-EE AKI SKI KU-DS EKU-CS! API|CSR cfg - api
CodeSigningCertificate_APICSRPassthrough BC-EE AKI SKI KU-DS EKU-CS! API|CSR cfg|CSR csr api
OCSPSigningCertificate BC-EE AKI SKI KU-DS EKU-OCSP! CSR cfg - -
OCSPSigningCertificate_CSRPassthrough BC-EE AKI SKI KU-DS EKU-OCSP! CSR cfg|CSR csr -
OCSPSigningCertificate_APIPassthrough BC-EE AKI SKI KU-DS EKU-OCSP! API|CSR cfg - api
OCSPSigningCertificate_APICSRPassthrough BC-EE AKI SKI KU-DS EKU-OCSP! API|CSR cfg|CSR csr api
BlankEndEntityCertificate_CSRPassthrough BC-EE AKI SKI pass pass CSR cfg|CSR csr -
BlankEndEntityCertificate_APIPassthrough BC-EE AKI SKI pass pass API|CSR cfg - api
BlankEndEntityCertificate_APICSRPassthrough BC-EE AKI SKI pass pass API|CSR cfg|CSR csr api
BlankEndEntityCertificate_CriticalBasicConstraints_CSRPassthrough BC-EE! AKI SKI pass pass CSR cfg|CSR csr -
BlankEndEntityCertificate_CriticalBasicConstraints_APIPassthrough BC-EE! AKI SKI pass pass API|CSR cfg|API - api
BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough BC-EE! AKI SKI pass pass API|CSR cfg|API|CSR csr api
RootCACertificate BC-CA - SKI KU-CA - CSR never - -
RootCACertificate_APIPassthrough BC-CA - SKI KU-CA - API|CSR never - api
BlankRootCACertificate_APIPassthrough BC-CA - SKI pass pass API|CSR custom - api
BlankRootCACertificate_PathLen0_APIPassthrough BC-CA0 - SKI pass pass API|CSR custom - api
BlankRootCACertificate_PathLen1_APIPassthrough BC-CA1 - SKI pass pass API|CSR custom - api
BlankRootCACertificate_PathLen2_APIPassthrough BC-CA2 - SKI pass pass API|CSR custom - api
BlankRootCACertificate_PathLen3_APIPassthrough BC-CA3 - SKI pass pass API|CSR custom - api
SubordinateCACertificate_PathLen0 BC-CA0 AKI SKI KU-CA - CSR cfg - -
SubordinateCACertificate_PathLen0_CSRPassthrough BC-CA0 AKI SKI KU-CA - CSR cfg|CSR csr -
SubordinateCACertificate_PathLen0_APIPassthrough BC-CA0 AKI SKI KU-CA - API|CSR cfg - api
SubordinateCACertificate_PathLen0_APICSRPassthrough BC-CA0 AKI SKI KU-CA - API|CSR cfg|CSR csr api
SubordinateCACertificate_PathLen1 BC-CA1 AKI SKI KU-CA - CSR cfg - -
SubordinateCACertificate_PathLen1_CSRPassthrough BC-CA1 AKI SKI KU-CA - CSR cfg|CSR csr -
SubordinateCACertificate_PathLen1_APIPassthrough BC-CA1 AKI SKI KU-CA - API|CSR cfg - api
SubordinateCACertificate_PathLen1_APICSRPassthrough BC-CA1 AKI SKI KU-CA - API|CSR cfg|CSR csr api
SubordinateCACertificate_PathLen2 BC-CA2 AKI SKI KU-CA - CSR cfg - -
SubordinateCACertificate_PathLen2_CSRPassthrough BC-CA2 AKI SKI KU-CA - CSR cfg|CSR csr -
SubordinateCACertificate_PathLen2_APIPassthrough BC-CA2 AKI SKI KU-CA - API|CSR cfg - api
SubordinateCACertificate_PathLen2_APICSRPassthrough BC-CA2 AKI SKI KU-CA - API|CSR cfg|CSR csr api
SubordinateCACertificate_PathLen3 BC-CA3 AKI SKI KU-CA - CSR cfg - -
SubordinateCACertificate_PathLen3_CSRPassthrough BC-CA3 AKI SKI KU-CA - CSR cfg|CSR csr -
SubordinateCACertificate_PathLen3_APIPassthrough BC-CA3 AKI SKI KU-CA - API|CSR cfg - api
SubordinateCACertificate_PathLen3_APICSRPassthrough BC-CA3 AKI SKI KU-CA - API|CSR cfg|CSR csr api
BlankSubordinateCACertificate_PathLen0_CSRPassthrough BC-CA0 AKI SKI pass pass CSR cfg|CSR csr -
BlankSubordinateCACertificate_PathLen0_APIPassthrough BC-CA0 AKI SKI pass pass API|CSR cfg - api
BlankSubordinateCACertificate_PathLen0_APICSRPassthrough BC-CA0 AKI SKI pass pass API|CSR cfg|CSR csr api
BlankSubordinateCACertificate_PathLen1_CSRPassthrough BC-CA1 AKI SKI pass pass CSR cfg|CSR csr -
BlankSubordinateCACertificate_PathLen1_APIPassthrough BC-CA1 AKI SKI pass pass API|CSR cfg - api
BlankSubordinateCACertificate_PathLen1_APICSRPassthrough BC-CA1 AKI SKI pass pass API|CSR cfg|CSR csr api
BlankSubordinateCACertificate_PathLen2_CSRPassthrough BC-CA2 AKI SKI pass pass CSR cfg|CSR csr -
BlankSubordinateCACertificate_PathLen2_APIPassthrough BC-CA2 AKI SKI pass pass API|CSR cfg - api
BlankSubordinateCACertificate_PathLen2_APICSRPassthrough BC-CA2 AKI SKI pass pass API|CSR cfg|CSR csr api
BlankSubordinateCACertificate_PathLen3_CSRPassthrough BC-CA3 AKI SKI pass pass CSR cfg|CSR csr -
BlankSubordinateCACertificate_PathLen3_APIPassthrough BC-CA3 AKI SKI pass pass API|CSR cfg - api
BlankSubordinateCACertificate_PathLen3_APICSRPassthrough BC-CA3 AKI SKI pass pass API|CSR cfg|CSR csr api
)";

std::string basic_constraints(const Template& row) {
  switch (row.basic_constraints) {
    case Template::BasicConstraints::end_entity:
      return "BC-EE";
    case Template::BasicConstraints::end_entity_critical:
      return "BC-EE!";
    case Template::BasicConstraints::authority:
      return "BC-CA" + (row.path_length ? std::to_string(*row.path_length) : "");
  }
  return "?";
}

std::string key_usage(const Template& row) {
  switch (row.key_usage) {
    case Template::KeyUsage::none:
      return "-";
    case Template::KeyUsage::signature_and_encipherment:
      return "KU-EE";
    case Template::KeyUsage::signature:
      return "KU-DS";
    case Template::KeyUsage::authority:
      return "KU-CA";
    case Template::KeyUsage::passthrough:
      return "pass";
  }
  return "?";
}

std::string extended_key_usage(const Template& row) {
  switch (row.extended_key_usage) {
    case Template::ExtendedKeyUsage::none:
      return "-";
    case Template::ExtendedKeyUsage::server_and_client:
      return "EKU-SC";
    case Template::ExtendedKeyUsage::client:
      return "EKU-C";
    case Template::ExtendedKeyUsage::server:
      return "EKU-S";
    case Template::ExtendedKeyUsage::code_signing:
      return "EKU-CS!";
    case Template::ExtendedKeyUsage::ocsp_signing:
      return "EKU-OCSP!";
    case Template::ExtendedKeyUsage::passthrough:
      return "pass";
  }
  return "?";
}

std::string crl_source(const Template& row) {
  switch (row.crl_from) {
    case Template::CrlSource::never:
      return "never";
    case Template::CrlSource::configuration:
      return "cfg";
    case Template::CrlSource::configuration_or_request:
      return "cfg|CSR";
    case Template::CrlSource::configuration_or_api:
      return "cfg|API";
    case Template::CrlSource::configuration_api_or_request:
      return "cfg|API|CSR";
    case Template::CrlSource::api_custom_extension:
      return "custom";
  }
  return "?";
}

std::string text_of(const Template& row) {
  return std::string{row.name} + ' ' + basic_constraints(row) + ' ' + (row.authority_key_id ? "AKI" : "-") +
         ' ' + (row.subject_key_id ? "SKI" : "-") + ' ' + key_usage(row) + ' ' + extended_key_usage(row) +
         ' ' + (row.names_from == Template::NameSource::request ? "CSR" : "API|CSR") + ' ' + crl_source(row) +
         ' ' + (row.csr_passthrough ? "csr" : "-") + ' ' + (row.api_passthrough ? "api" : "-");
}

}  // namespace

TEST_CASE("templates: each row is the documentation's", "[templates][I11]") {
  std::istringstream lines{kDocumented};
  std::string documented;
  std::getline(lines, documented);  // behind the opening parenthesis
  for (const Template& row : ca::all_templates()) {
    REQUIRE(std::getline(lines, documented));
    CHECK(text_of(row) == documented);
  }
  CHECK_FALSE(std::getline(lines, documented));
}
