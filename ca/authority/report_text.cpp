#include "ca/authority/report_text.hpp"

#include <limits>
#include <utility>
#include <vector>

#include "ca/audit/json_text.hpp"

namespace ca {
namespace {

using Fields = std::vector<std::pair<const char*, std::string>>;

constexpr const char* kSubject = "subject";

// "2026-11-24T05:06:07+0000"
std::string report_time(Seconds time) {
  std::string text = rfc3339(time);
  text.pop_back();  // Z
  return text + "+0000";
}

std::string report_time(const std::optional<TimePoint>& time) {
  return time ? report_time(to_seconds(*time)) : "";
}

Fields fields_of(const CertificateRecord& record) {
  return {
      {"awsAccountId", record.account},
      {"requestedByServicePrincipal", ""},
      {"certificateArn", record.arn().text()},
      {"serial", record.serial.colon_hex()},
      {kSubject, record.subject},
      {"notBefore", report_time(record.validity.not_before)},
      {"notAfter", report_time(record.validity.not_after)},
      {"issuedAt", report_time(record.issued_at)},
      {"revokedAt", report_time(record.revoked_at)},
      {"revocationReason", record.revocation_reason ? std::string{api_name(*record.revocation_reason)} : ""},
      {"templateArn", TemplateArn{record.issuer.partition, record.template_name}.text()},
  };
}

// RFC 4180, 2: a quotation mark inside is written twice.
std::string quoted(const std::string& text) {
  std::string made = "\"";
  for (const char c : text) {
    made += c == '"' ? "\"\"" : std::string{c};
  }
  return made + '"';
}

std::string csv_line(const Fields& fields) {
  std::string line;
  for (const auto& [name, value] : fields) {
    line += (line.empty() ? "" : ",") + (name == kSubject ? quoted(value) : value);
  }
  return line + "\n";
}

std::string csv_header() {
  std::string line;
  for (const auto& [name, value] : fields_of({})) {
    line += (line.empty() ? "" : ",") + std::string{name};
  }
  return line + "\n";
}

bool is_always_there(const std::string& name) {
  return name != "requestedByServicePrincipal" && name != "revokedAt" && name != "revocationReason";
}

std::string json_object(const Fields& fields) {
  std::string object;
  for (const auto& [name, value] : fields) {
    if (!value.empty() || is_always_there(name)) {
      object += (object.empty() ? "{" : ",") + ('"' + std::string{name} + "\":") +
                json_text(value, std::numeric_limits<std::size_t>::max()).quoted;
    }
  }
  return object + "}";
}

}  // namespace

std::string ReportText::begin() const { return format_ == ReportFormat::csv ? csv_header() : "["; }

std::string ReportText::entry(const CertificateRecord& record) {
  const bool first = std::exchange(first_, false);
  return format_ == ReportFormat::csv ? csv_line(fields_of(record))
                                      : (first ? "\n" : ",\n") + json_object(fields_of(record));
}

std::string ReportText::end() const { return format_ == ReportFormat::csv ? "" : "\n]\n"; }

}  // namespace ca
