#include <sstream>

#include "ca/policy/template_names.hpp"
#include "ca/templates/template.hpp"
#include "tests/support/catch.hpp"

using ca::Template;

namespace {

// The table of the documentation ("Template definitions", AWS Private CA), written out row by row: name,
// basicConstraints, AKI, SKI, keyUsage, extendedKeyUsage, where subject and SAN come from, whether other
// extensions of the CSR and of the API pass.
//
// BC-EE is no authority, BC-CA<n> one with path length n. KU-EE is digitalSignature and keyEncipherment,
// KU-DS digitalSignature, KU-CA digitalSignature, keyCertSign and cRLSign. EKU-SC is serverAuth and
// clientAuth, -S and -C one of them, -CS codeSigning, -OCSP OCSPSigning. An exclamation mark is critical,
// "pass" only what is passed through.
//
// The documentation prints "API|CSR" as the source of names in row 24, against its own text: it is read as a
// slip. Its column for the CRL distribution point and the AKI that the API may give row 28 are not here:
// these are the authority's own (docs/decisions/004).
constexpr const char* kDocumented = R"(
EndEntityCertificate BC-EE AKI SKI KU-EE EKU-SC CSR - -
EndEntityCertificate_CSRPassthrough BC-EE AKI SKI KU-EE EKU-SC CSR csr -
EndEntityCertificate_APIPassthrough BC-EE AKI SKI KU-EE EKU-SC API|CSR - api
EndEntityCertificate_APICSRPassthrough BC-EE AKI SKI KU-EE EKU-SC API|CSR csr api
EndEntityClientAuthCertificate BC-EE AKI SKI KU-EE EKU-C CSR - -
EndEntityClientAuthCertificate_CSRPassthrough BC-EE AKI SKI KU-EE EKU-C CSR csr -
EndEntityClientAuthCertificate_APIPassthrough BC-EE AKI SKI KU-EE EKU-C API|CSR - api
EndEntityClientAuthCertificate_APICSRPassthrough BC-EE AKI SKI KU-EE EKU-C API|CSR csr api
EndEntityServerAuthCertificate BC-EE AKI SKI KU-EE EKU-S CSR - -
EndEntityServerAuthCertificate_CSRPassthrough BC-EE AKI SKI KU-EE EKU-S CSR csr -
EndEntityServerAuthCertificate_APIPassthrough BC-EE AKI SKI KU-EE EKU-S API|CSR - api
EndEntityServerAuthCertificate_APICSRPassthrough BC-EE AKI SKI KU-EE EKU-S API|CSR csr api
CodeSigningCertificate BC-EE AKI SKI KU-DS EKU-CS! CSR - -
CodeSigningCertificate_CSRPassthrough BC-EE AKI SKI KU-DS EKU-CS! CSR csr -
CodeSigningCertificate_APIPassthrough BC-EE AKI SKI KU-DS EKU-CS! API|CSR - api
CodeSigningCertificate_APICSRPassthrough BC-EE AKI SKI KU-DS EKU-CS! API|CSR csr api
OCSPSigningCertificate BC-EE AKI SKI KU-DS EKU-OCSP! CSR - -
OCSPSigningCertificate_CSRPassthrough BC-EE AKI SKI KU-DS EKU-OCSP! CSR csr -
OCSPSigningCertificate_APIPassthrough BC-EE AKI SKI KU-DS EKU-OCSP! API|CSR - api
OCSPSigningCertificate_APICSRPassthrough BC-EE AKI SKI KU-DS EKU-OCSP! API|CSR csr api
BlankEndEntityCertificate_CSRPassthrough BC-EE AKI SKI pass pass CSR csr -
BlankEndEntityCertificate_APIPassthrough BC-EE AKI SKI pass pass API|CSR - api
BlankEndEntityCertificate_APICSRPassthrough BC-EE AKI SKI pass pass API|CSR csr api
BlankEndEntityCertificate_CriticalBasicConstraints_CSRPassthrough BC-EE! AKI SKI pass pass CSR csr -
BlankEndEntityCertificate_CriticalBasicConstraints_APIPassthrough BC-EE! AKI SKI pass pass API|CSR - api
BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough BC-EE! AKI SKI pass pass API|CSR csr api
RootCACertificate BC-CA - SKI KU-CA - CSR - -
RootCACertificate_APIPassthrough BC-CA - SKI KU-CA - API|CSR - api
BlankRootCACertificate_APIPassthrough BC-CA - SKI pass pass API|CSR - api
BlankRootCACertificate_PathLen0_APIPassthrough BC-CA0 - SKI pass pass API|CSR - api
BlankRootCACertificate_PathLen1_APIPassthrough BC-CA1 - SKI pass pass API|CSR - api
BlankRootCACertificate_PathLen2_APIPassthrough BC-CA2 - SKI pass pass API|CSR - api
BlankRootCACertificate_PathLen3_APIPassthrough BC-CA3 - SKI pass pass API|CSR - api
SubordinateCACertificate_PathLen0 BC-CA0 AKI SKI KU-CA - CSR - -
SubordinateCACertificate_PathLen0_CSRPassthrough BC-CA0 AKI SKI KU-CA - CSR csr -
SubordinateCACertificate_PathLen0_APIPassthrough BC-CA0 AKI SKI KU-CA - API|CSR - api
SubordinateCACertificate_PathLen0_APICSRPassthrough BC-CA0 AKI SKI KU-CA - API|CSR csr api
SubordinateCACertificate_PathLen1 BC-CA1 AKI SKI KU-CA - CSR - -
SubordinateCACertificate_PathLen1_CSRPassthrough BC-CA1 AKI SKI KU-CA - CSR csr -
SubordinateCACertificate_PathLen1_APIPassthrough BC-CA1 AKI SKI KU-CA - API|CSR - api
SubordinateCACertificate_PathLen1_APICSRPassthrough BC-CA1 AKI SKI KU-CA - API|CSR csr api
SubordinateCACertificate_PathLen2 BC-CA2 AKI SKI KU-CA - CSR - -
SubordinateCACertificate_PathLen2_CSRPassthrough BC-CA2 AKI SKI KU-CA - CSR csr -
SubordinateCACertificate_PathLen2_APIPassthrough BC-CA2 AKI SKI KU-CA - API|CSR - api
SubordinateCACertificate_PathLen2_APICSRPassthrough BC-CA2 AKI SKI KU-CA - API|CSR csr api
SubordinateCACertificate_PathLen3 BC-CA3 AKI SKI KU-CA - CSR - -
SubordinateCACertificate_PathLen3_CSRPassthrough BC-CA3 AKI SKI KU-CA - CSR csr -
SubordinateCACertificate_PathLen3_APIPassthrough BC-CA3 AKI SKI KU-CA - API|CSR - api
SubordinateCACertificate_PathLen3_APICSRPassthrough BC-CA3 AKI SKI KU-CA - API|CSR csr api
BlankSubordinateCACertificate_PathLen0_CSRPassthrough BC-CA0 AKI SKI pass pass CSR csr -
BlankSubordinateCACertificate_PathLen0_APIPassthrough BC-CA0 AKI SKI pass pass API|CSR - api
BlankSubordinateCACertificate_PathLen0_APICSRPassthrough BC-CA0 AKI SKI pass pass API|CSR csr api
BlankSubordinateCACertificate_PathLen1_CSRPassthrough BC-CA1 AKI SKI pass pass CSR csr -
BlankSubordinateCACertificate_PathLen1_APIPassthrough BC-CA1 AKI SKI pass pass API|CSR - api
BlankSubordinateCACertificate_PathLen1_APICSRPassthrough BC-CA1 AKI SKI pass pass API|CSR csr api
BlankSubordinateCACertificate_PathLen2_CSRPassthrough BC-CA2 AKI SKI pass pass CSR csr -
BlankSubordinateCACertificate_PathLen2_APIPassthrough BC-CA2 AKI SKI pass pass API|CSR - api
BlankSubordinateCACertificate_PathLen2_APICSRPassthrough BC-CA2 AKI SKI pass pass API|CSR csr api
BlankSubordinateCACertificate_PathLen3_CSRPassthrough BC-CA3 AKI SKI pass pass CSR csr -
BlankSubordinateCACertificate_PathLen3_APIPassthrough BC-CA3 AKI SKI pass pass API|CSR - api
BlankSubordinateCACertificate_PathLen3_APICSRPassthrough BC-CA3 AKI SKI pass pass API|CSR csr api
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

std::string text_of(const Template& row) {
  return std::string{row.name} + ' ' + basic_constraints(row) + ' ' + (row.authority_key_id ? "AKI" : "-") +
         ' ' + (row.subject_key_id ? "SKI" : "-") + ' ' + key_usage(row) + ' ' + extended_key_usage(row) +
         ' ' + (row.names_from == Template::NameSource::request ? "CSR" : "API|CSR") + ' ' +
         (row.csr_passthrough ? "csr" : "-") + ' ' + (row.api_passthrough ? "api" : "-");
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

TEST_CASE("templates: policies know the same names", "[templates][I11]") {
  std::vector<std::string_view> names;
  for (const Template& row : ca::all_templates()) {
    names.push_back(row.name);
  }
  const auto known = ca::all_template_names();
  CHECK(std::vector<std::string_view>(known.begin(), known.end()) == names);
}
