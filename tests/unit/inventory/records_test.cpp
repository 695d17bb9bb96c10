#include "ca/inventory/records.hpp"

#include "tests/support/catch.hpp"

TEST_CASE("records: names are those of the API in both directions", "[inventory]") {
  using ca::AuthorityStatus;
  using ca::RevocationReason;
  const std::pair<AuthorityStatus, const char*> statuses[] = {
      {AuthorityStatus::creating, "CREATING"}, {AuthorityStatus::pending_certificate, "PENDING_CERTIFICATE"},
      {AuthorityStatus::active, "ACTIVE"},     {AuthorityStatus::disabled, "DISABLED"},
      {AuthorityStatus::expired, "EXPIRED"},   {AuthorityStatus::deleted, "DELETED"},
      {AuthorityStatus::failed, "FAILED"}};
  for (const auto& [value, name] : statuses) {
    CHECK(api_name(value) == name);
    CHECK(ca::authority_status_from_api(name) == value);
  }
  const std::pair<RevocationReason, const char*> reasons[] = {
      {RevocationReason::unspecified, "UNSPECIFIED"},
      {RevocationReason::key_compromise, "KEY_COMPROMISE"},
      {RevocationReason::certificate_authority_compromise, "CERTIFICATE_AUTHORITY_COMPROMISE"},
      {RevocationReason::affiliation_changed, "AFFILIATION_CHANGED"},
      {RevocationReason::superseded, "SUPERSEDED"},
      {RevocationReason::cessation_of_operation, "CESSATION_OF_OPERATION"},
      {RevocationReason::privilege_withdrawn, "PRIVILEGE_WITHDRAWN"},
      {RevocationReason::a_a_compromise, "A_A_COMPROMISE"}};
  for (const auto& [value, name] : reasons) {
    CHECK(api_name(value) == name);
    CHECK(ca::revocation_reason_from_api(name) == value);
  }
  const std::pair<ca::CertificateState, const char*> states[] = {{ca::CertificateState::pending, "PENDING"},
                                                                 {ca::CertificateState::issued, "ISSUED"},
                                                                 {ca::CertificateState::failed, "FAILED"},
                                                                 {ca::CertificateState::revoked, "REVOKED"}};
  for (const auto& [value, name] : states) {
    CHECK(api_name(value) == name);
    CHECK(ca::certificate_state_from_api(name) == value);
  }
  for (const auto type : {ca::AuthorityType::root, ca::AuthorityType::subordinate}) {
    CHECK(ca::authority_type_from_api(api_name(type)) == type);
  }
}

TEST_CASE("records: a name that the API does not know is no value", "[inventory][I11]") {
  for (const std::string name : {"", "active", "ACTIVE ", "certificateHold", "CERTIFICATE_HOLD"}) {
    CHECK_FALSE(ca::authority_status_from_api(name));
    CHECK_FALSE(ca::revocation_reason_from_api(name));
    CHECK_FALSE(ca::certificate_state_from_api(name));
    CHECK_FALSE(ca::authority_type_from_api(name));
  }
}

TEST_CASE("records: a report has the API's names and a key that its authority and its id make",
          "[inventory]") {
  using ca::ReportFormat;
  using ca::ReportStatus;
  for (const auto& [format, name] : {std::pair{ReportFormat::json, "JSON"}, {ReportFormat::csv, "CSV"}}) {
    CHECK(api_name(format) == name);
    CHECK(ca::report_format_from_api(name) == format);
  }
  for (const auto& [status, name] : {std::pair{ReportStatus::creating, "CREATING"},
                                     {ReportStatus::success, "SUCCESS"},
                                     {ReportStatus::failed, "FAILED"}}) {
    CHECK(api_name(status) == name);
    CHECK(ca::report_status_from_api(name) == status);
  }
  CHECK_FALSE(ca::report_format_from_api("csv"));
  CHECK_FALSE(ca::report_status_from_api(""));
  ca::AuditReportRecord report;
  report.authority.id = "11111111-2222-3333-4444-555555555555";
  report.id = "66666666-7777-8888-9999-000000000000";
  CHECK(report.key() ==
        "audit-report/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000.json");
  report.format = ReportFormat::csv;
  CHECK(report.key() ==
        "audit-report/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000.csv");
}
