#include "daemon/acmpca/operations.hpp"

#include <algorithm>
#include <array>

#include "daemon/acmpca/operation_shapes.hpp"

namespace acmpca {
namespace {

using http::Pool;

constexpr std::array<std::string_view, 13> kUnserved{
    "DeleteCertificateAuthority",
    "RestoreCertificateAuthority",
    "CreateCertificateAuthorityAuditReport",
    "DescribeCertificateAuthorityAuditReport",
    "CreatePermission",
    "DeletePermission",
    "ListPermissions",
    "PutPolicy",
    "GetPolicy",
    "DeletePolicy",
    "TagCertificateAuthority",
    "UntagCertificateAuthority",
    "ListTags",
};

constexpr std::array kOperations{
    Operation{"CreateCertificateAuthority", &shape::kCreateCertificateAuthority, create_certificate_authority,
              Pool::issue},
    Operation{"DescribeCertificateAuthority", &shape::kDescribeCertificateAuthority,
              describe_certificate_authority, Pool::read},
    Operation{"ListCertificateAuthorities", &shape::kListCertificateAuthorities, list_certificate_authorities,
              Pool::read},
    Operation{"UpdateCertificateAuthority", &shape::kUpdateCertificateAuthority, update_certificate_authority,
              Pool::read},
    Operation{"GetCertificateAuthorityCsr", &shape::kGetCertificateAuthorityCsr,
              get_certificate_authority_csr, Pool::read},
    Operation{"ImportCertificateAuthorityCertificate", &shape::kImportCertificateAuthorityCertificate,
              import_certificate_authority_certificate, Pool::issue},
    Operation{"GetCertificateAuthorityCertificate", &shape::kGetCertificateAuthorityCertificate,
              get_certificate_authority_certificate, Pool::read},
    Operation{"IssueCertificate", &shape::kIssueCertificate, issue_certificate, Pool::issue},
    Operation{"GetCertificate", &shape::kGetCertificate, get_certificate, Pool::read},
    Operation{"RevokeCertificate", &shape::kRevokeCertificate, revoke_certificate, Pool::issue},
};

}  // namespace

const Operation* find_operation(std::string_view name) {
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [&](const Operation& operation) { return operation.name == name; });
  return found == kOperations.end() ? nullptr : &*found;
}

bool is_unserved_operation(std::string_view name) {
  return std::find(kUnserved.begin(), kUnserved.end(), name) != kUnserved.end();
}

}  // namespace acmpca
