// Audit reports that were ordered: the queue is the ledger's reports in CREATING.
#include "ca/authority/report_text.hpp"
#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace ca {
namespace {

constexpr std::size_t kPage = 500;  // certificates in memory at once

AuditEvent event_of(const AuditReportRecord& report, const std::string& type, const std::string& outcome) {
  AuditEvent event = system_event(type, report.authority);
  event.outcome = outcome;
  event.detail = {{"report", report.id}, {"bucket", report.bucket}, {"key", report.key()}};
  return event;
}

std::string media_type(ReportFormat format) {
  return format == ReportFormat::json ? "application/json" : "text/csv; charset=utf-8";
}

std::string reports_of(const AuditReportRecord& report) { return "reports of " + report.authority.text(); }

}  // namespace

Loop::Turn AuthorityService::State::write_reports() {
  bool done = false;
  bool kept = false;
  try {
    std::set<std::string> away;  // each bucket holds up the others once in a turn, however many wait for it
    for (const AuditReportRecord& report : inventory.unwritten_reports()) {
      if (away.contains(report.bucket)) {
        continue;
      }
      try {
        (write_report(report) ? done : kept) = true;
      } catch (const std::exception& error) {
        kept = true;
        away.insert(report.bucket);
        say(reports_of(report), "audit report " + report.id + " of " + report.authority.text() +
                                    " is not written yet: " + error.what());
      }
    }
    well("reports");
  } catch (const std::exception& error) {
    kept = true;
    say("reports", std::string{"audit reports wait: "} + error.what());
  }
  return !kept ? Loop::Turn::idle : done ? Loop::Turn::progressed : Loop::Turn::stuck;
}

bool AuthorityService::State::write_report(const AuditReportRecord& report) {
  Bucket* bucket = find_bucket(options.buckets, report.bucket);
  if (bucket == nullptr) {
    fail_report(report, "the bucket " + report.bucket + " is not in the configuration any more");
    return true;
  }
  std::optional<AuditEvent> written;
  try {
    written = write_report_into(report, *bucket);
  } catch (const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    const bool may_come_right = known == nullptr || !needs_a_person(*known);
    if (may_come_right && clock.now() - report.created_at < options.report_patience) {
      throw;
    }
    fail_report(report, error.what());
    return true;
  }
  if (!written) {
    return false;
  }
  (void)committed(
      ledger, {MarkAuditReport{report.authority, report.id, ReportStatus::success}, {*std::move(written)}});
  well(reports_of(report));
  return true;
}

std::optional<AuditEvent> AuthorityService::State::write_report_into(const AuditReportRecord& report,
                                                                     Bucket& bucket) {
  const auto file = bucket.begin(report.key(), media_type(report.format));
  ReportText text{report.format};
  file->write(text.begin());
  std::uint64_t count = 0;
  std::uint64_t cursor = 0;
  while (true) {
    if (report_loop->is_stopping()) {
      return std::nullopt;
    }
    const auto rows = inventory.issued(report.authority, cursor, kPage);
    std::string page;
    for (const Inventory::Row& row : rows) {
      page += text.entry(row.record);
    }
    file->write(page);
    count += rows.size();
    if (rows.size() < kPage) {
      break;
    }
    cursor = rows.back().cursor;
  }
  file->write(text.end());
  AuditEvent event = event_of(report, "audit_report.written", "ok");
  event.detail["sha256"] = to_hex(file->keep());
  event.detail["certificates"] = std::to_string(count);
  event.detail["bytes"] = std::to_string(file->size());
  return event;
}

void AuthorityService::State::fail_report(const AuditReportRecord& report, const std::string& reason) {
  AuditEvent event = event_of(report, "audit_report.failed", "failed");
  event.detail["reason"] = reason;
  (void)committed(ledger,
                  {MarkAuditReport{report.authority, report.id, ReportStatus::failed}, {std::move(event)}});
  say(reports_of(report), "audit report " + report.id + " of " + report.authority.text() +
                              " has failed, order another: " + reason);
}

}  // namespace ca
