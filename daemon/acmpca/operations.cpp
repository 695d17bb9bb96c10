#include "daemon/acmpca/operations.hpp"

#include <algorithm>
#include <array>

#include "daemon/acmpca/operation_shapes.hpp"

namespace acmpca {
namespace {

using http::Pool;

constexpr std::array kOperations{
    Operation{"CreateCertificateAuthority", &shape::kCreateCertificateAuthority, create_certificate_authority,
              Pool::issue},
    Operation{"CreateCertificateAuthorityAuditReport", &shape::kCreateCertificateAuthorityAuditReport,
              create_certificate_authority_audit_report, Pool::change},
    Operation{"CreatePermission", &shape::kCreatePermission, create_permission, Pool::change},
    Operation{"DeleteCertificateAuthority", &shape::kDeleteCertificateAuthority, delete_certificate_authority,
              Pool::change},
    Operation{"DeletePermission", &shape::kDeletePermission, delete_permission, Pool::change},
    Operation{"DeletePolicy", &shape::kDeletePolicy, delete_policy, Pool::change},
    Operation{"GetPolicy", &shape::kGetPolicy, get_policy, Pool::read},
    Operation{"PutPolicy", &shape::kPutPolicy, put_policy, Pool::change, kPolicyBody},
    Operation{"DescribeCertificateAuthority", &shape::kDescribeCertificateAuthority,
              describe_certificate_authority, Pool::read},
    Operation{"DescribeCertificateAuthorityAuditReport", &shape::kDescribeCertificateAuthorityAuditReport,
              describe_certificate_authority_audit_report, Pool::read},
    Operation{"GetCertificate", &shape::kGetCertificate, get_certificate, Pool::read},
    Operation{"GetCertificateAuthorityCertificate", &shape::kGetCertificateAuthorityCertificate,
              get_certificate_authority_certificate, Pool::read},
    Operation{"GetCertificateAuthorityCsr", &shape::kGetCertificateAuthorityCsr,
              get_certificate_authority_csr, Pool::read},
    Operation{"ImportCertificateAuthorityCertificate", &shape::kImportCertificateAuthorityCertificate,
              import_certificate_authority_certificate, Pool::issue, kImportBody},
    Operation{"IssueCertificate", &shape::kIssueCertificate, issue_certificate, Pool::issue},
    Operation{"ListCertificateAuthorities", &shape::kListCertificateAuthorities, list_certificate_authorities,
              Pool::read},
    Operation{"ListPermissions", &shape::kListPermissions, list_permissions, Pool::read},
    Operation{"ListTags", &shape::kListTags, list_tags, Pool::read},
    Operation{"RestoreCertificateAuthority", &shape::kRestoreCertificateAuthority,
              restore_certificate_authority, Pool::change},
    Operation{"RevokeCertificate", &shape::kRevokeCertificate, revoke_certificate, Pool::change},
    Operation{"TagCertificateAuthority", &shape::kTagCertificateAuthority, tag_certificate_authority,
              Pool::change},
    Operation{"UntagCertificateAuthority", &shape::kUntagCertificateAuthority, untag_certificate_authority,
              Pool::change},
    Operation{"UpdateCertificateAuthority", &shape::kUpdateCertificateAuthority, update_certificate_authority,
              Pool::change},
};

}  // namespace

const Operation* find_operation(std::string_view name) {
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [&](const Operation& operation) { return operation.name == name; });
  return found == kOperations.end() ? nullptr : &*found;
}

}  // namespace acmpca
