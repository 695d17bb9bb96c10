#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {
namespace {

Error too_soon(const AuditReportRecord& earlier, std::chrono::seconds interval) {
  const std::string report = "The audit report " + earlier.id + " of this certificate authority ";
  if (earlier.status == ReportStatus::creating) {
    return {Code::request_in_progress, report + "is still being written"};
  }
  return {Code::request_in_progress, report + "was ordered at " + rfc3339(to_seconds(earlier.created_at)) +
                                         ": the next one can be ordered after " +
                                         rfc3339(to_seconds(earlier.created_at + interval))};
}

}  // namespace

AuditReportRecord AuthorityService::order_report(const Caller& caller, const ReportOrder& order) {
  State& state = *state_;
  const auto authority = state.authorize(caller, order.authority, "CreateCertificateAuthorityAuditReport");
  const AuthorityStatus status = authority->status_at(state.clock.now());
  if (status != AuthorityStatus::active && status != AuthorityStatus::disabled) {
    throw Error{
        Code::invalid_state,
        "The certificate authority must be in the ACTIVE or DISABLED state to create an audit report"};
  }
  if (find_bucket(state.options.buckets, order.bucket) == nullptr) {
    throw Error{Code::resource_not_found,
                "Could not find the bucket " + order.bucket + ": the buckets are named in the configuration"};
  }
  const AuditReportRecord report{.authority = order.authority,
                                 .id = random_uuid(),
                                 .bucket = order.bucket,
                                 .format = order.format,
                                 .created_at = state.clock.now()};
  AuditEvent event = state.event(caller, "audit_report.ordered", order.authority);
  event.detail = {{"report", report.id}, {"bucket", report.bucket}, {"key", report.key()}};
  const CommitResult result =
      committed(state.ledger, {InsertAuditReport{report, state.options.report_interval}, {std::move(event)}});
  if (result.outcome == CommitResult::Outcome::existing) {
    throw too_soon(result.existing_report.value(), state.options.report_interval);
  }
  if (result.outcome != CommitResult::Outcome::applied) {
    throw Error{Code::internal, "an authority that was found is gone"};
  }
  state.report_loop->wake();
  return report;
}

AuditReportRecord AuthorityService::report(const Caller& caller, const AuthorityArn& arn,
                                           const std::string& id) {
  State& state = *state_;
  (void)state.authorize(caller, arn, "DescribeCertificateAuthorityAuditReport");
  const auto report = state.inventory.audit_report(arn, id);
  if (!report) {
    throw Error{Code::resource_not_found, "Could not find audit report " + id};
  }
  return *report;
}

}  // namespace ca
