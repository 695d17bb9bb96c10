#include "ca/authority/report_text.hpp"

#include "ca/x509/name.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source.hpp"

using namespace std::chrono_literals;

namespace {

constexpr ca::Seconds kDay = std::chrono::sys_days{std::chrono::year{2026} / 11 / 26};

std::string golden(const std::string& name) {
  return test::source_text("tests/unit/authority/golden/" + name);
}

ca::CertificateRecord record(const std::string& serial, const ca::SubjectFields& subject) {
  ca::CertificateRecord made{
      .issuer = {"aws", "us-east-1", "123456789012", "11111111-2222-3333-4444-555555555555"},
      .serial = ca::SerialNumber::from_hex(serial)};
  made.state = ca::CertificateState::issued;
  made.template_name = "EndEntityCertificate";
  made.subject = ca::encode_subject(subject).text();
  made.validity = {kDay + 10h, kDay + std::chrono::days{365} + 11h};
  made.account = "123456789012";
  made.issued_at = kDay + 11h + 1999ms;
  return made;
}

// Quotation marks, commas and letters beyond ASCII; another account; revoked; no subject at all.
std::vector<ca::CertificateRecord> records() {
  std::vector<ca::CertificateRecord> made{
      record("1cbe485a21fe5f6ab1fc4ab12dc3eb03", {.country = "DE",
                                                  .organization = "Example GmbH",
                                                  .common_name = "Pump \"7\", Halle S\u00fcd",
                                                  .serial_number = "4711"}),
      record("f0000000000000000000000000000001", {.common_name = "\u6f22\u5b57 = \"=1+1\""}),
      record("10000000000000000000000000000002", {})};
  made[1].account = "999999999999";
  made[1].template_name = "SubordinateCACertificate_PathLen0";
  made[1].validity.not_after = std::chrono::sys_days{std::chrono::year{2055} / 1 / 1};
  made[1].issued_at = kDay + 11h + 2s;
  made[1].state = ca::CertificateState::revoked;
  made[1].revoked_at = kDay + 24h;
  made[1].revocation_reason = ca::RevocationReason::key_compromise;
  made[2].issued_at = kDay + 11h + 3s;
  return made;
}

std::string report(ca::ReportFormat format, const std::vector<ca::CertificateRecord>& certificates) {
  ca::ReportText text{format};
  std::string whole = text.begin();
  for (const auto& certificate : certificates) {
    whole += text.entry(certificate);
  }
  return whole + text.end();
}

}  // namespace

TEST_CASE("report: JSON has AWS's members in AWS's order", "[authority]") {
  CHECK(report(ca::ReportFormat::json, records()) == golden("report.json"));
}

TEST_CASE("report: CSV has AWS's columns and quotes the subject", "[authority]") {
  CHECK(report(ca::ReportFormat::csv, records()) == golden("report.csv"));
}

TEST_CASE("report: one of nothing is an empty list and a header", "[authority]") {
  CHECK(report(ca::ReportFormat::json, {}) == "[\n]\n");
  const std::string csv = golden("report.csv");
  CHECK(report(ca::ReportFormat::csv, {}) == csv.substr(0, csv.find('\n') + 1));
}
