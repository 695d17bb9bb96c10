#include "ca/inventory/records.hpp"

#include <array>

namespace ca {
namespace {

constexpr std::array kTypes{AuthorityType::root, AuthorityType::subordinate};
constexpr std::array kStatuses{AuthorityStatus::creating, AuthorityStatus::pending_certificate,
                               AuthorityStatus::active,   AuthorityStatus::disabled,
                               AuthorityStatus::expired,  AuthorityStatus::deleted,
                               AuthorityStatus::failed};
constexpr std::array kStates{CertificateState::pending, CertificateState::issued, CertificateState::failed,
                             CertificateState::revoked};
constexpr std::array kReasons{
    RevocationReason::unspecified,         RevocationReason::key_compromise,
    RevocationReason::affiliation_changed, RevocationReason::certificate_authority_compromise,
    RevocationReason::superseded,          RevocationReason::cessation_of_operation,
    RevocationReason::privilege_withdrawn, RevocationReason::a_a_compromise};

constexpr std::array kReportFormats{ReportFormat::json, ReportFormat::csv};
constexpr std::array kReportStatuses{ReportStatus::creating, ReportStatus::success, ReportStatus::failed};

template <class Values>
std::optional<typename Values::value_type> named(const Values& values, std::string_view name) {
  for (const auto value : values) {
    if (api_name(value) == name) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view api_name(AuthorityType value) {
  switch (value) {
    case AuthorityType::root:
      return "ROOT";
    case AuthorityType::subordinate:
      return "SUBORDINATE";
  }
  return "";
}

std::string_view api_name(AuthorityStatus value) {
  switch (value) {
    case AuthorityStatus::creating:
      return "CREATING";
    case AuthorityStatus::pending_certificate:
      return "PENDING_CERTIFICATE";
    case AuthorityStatus::active:
      return "ACTIVE";
    case AuthorityStatus::disabled:
      return "DISABLED";
    case AuthorityStatus::expired:
      return "EXPIRED";
    case AuthorityStatus::deleted:
      return "DELETED";
    case AuthorityStatus::failed:
      return "FAILED";
  }
  return "";
}

std::string_view api_name(CertificateState value) {
  switch (value) {
    case CertificateState::pending:
      return "PENDING";
    case CertificateState::issued:
      return "ISSUED";
    case CertificateState::failed:
      return "FAILED";
    case CertificateState::revoked:
      return "REVOKED";
  }
  return "";
}

std::string_view api_name(RevocationReason value) {
  switch (value) {
    case RevocationReason::unspecified:
      return "UNSPECIFIED";
    case RevocationReason::key_compromise:
      return "KEY_COMPROMISE";
    case RevocationReason::certificate_authority_compromise:
      return "CERTIFICATE_AUTHORITY_COMPROMISE";
    case RevocationReason::affiliation_changed:
      return "AFFILIATION_CHANGED";
    case RevocationReason::superseded:
      return "SUPERSEDED";
    case RevocationReason::cessation_of_operation:
      return "CESSATION_OF_OPERATION";
    case RevocationReason::privilege_withdrawn:
      return "PRIVILEGE_WITHDRAWN";
    case RevocationReason::a_a_compromise:
      return "A_A_COMPROMISE";
  }
  return "";
}

std::optional<AuthorityType> authority_type_from_api(std::string_view name) { return named(kTypes, name); }

std::optional<AuthorityStatus> authority_status_from_api(std::string_view name) {
  return named(kStatuses, name);
}

std::optional<CertificateState> certificate_state_from_api(std::string_view name) {
  return named(kStates, name);
}

std::optional<RevocationReason> revocation_reason_from_api(std::string_view name) {
  return named(kReasons, name);
}

std::string_view api_name(ReportFormat value) {
  switch (value) {
    case ReportFormat::json:
      return "JSON";
    case ReportFormat::csv:
      return "CSV";
  }
  return "";
}

std::string_view api_name(ReportStatus value) {
  switch (value) {
    case ReportStatus::creating:
      return "CREATING";
    case ReportStatus::success:
      return "SUCCESS";
    case ReportStatus::failed:
      return "FAILED";
  }
  return "";
}

std::optional<ReportFormat> report_format_from_api(std::string_view name) {
  return named(kReportFormats, name);
}

std::optional<ReportStatus> report_status_from_api(std::string_view name) {
  return named(kReportStatuses, name);
}

std::string AuditReportRecord::key() const {
  return "audit-report/" + authority.id + "/" + id + (format == ReportFormat::csv ? ".csv" : ".json");
}

}  // namespace ca
