#include "daemon/acmpca/authority_json.hpp"
#include "daemon/acmpca/members.hpp"
#include "daemon/acmpca/operations.hpp"

namespace acmpca {

nlohmann::json describe_certificate_authority_audit_report(ca::AuthorityService& authorities,
                                                           const ca::Caller& caller,
                                                           const nlohmann::json& input) {
  const ca::AuditReportRecord report =
      authorities.report(caller, authority_arn(input), required_string(input, "AuditReportId"));
  return {{"AuditReportStatus", ca::api_name(report.status)},
          {"S3BucketName", report.bucket},
          {"S3Key", report.key()},
          {"CreatedAt", epoch_seconds(report.created_at)}};
}

}  // namespace acmpca
