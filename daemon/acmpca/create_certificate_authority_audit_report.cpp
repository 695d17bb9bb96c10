#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json create_certificate_authority_audit_report(ca::AuthorityService& authorities,
                                                         const ca::Caller& caller,
                                                         const nlohmann::json& input) {
  const auto format = ca::report_format_from_api(required_string(input, "AuditReportResponseFormat"));
  const ca::AuditReportRecord report =
      authorities.order_report(caller, {.authority = authority_arn(input),
                                        .bucket = required_string(input, "S3BucketName"),
                                        .format = format.value()});
  return {{"AuditReportId", report.id}, {"S3Key", report.key()}};
}

}  // namespace acmpca
