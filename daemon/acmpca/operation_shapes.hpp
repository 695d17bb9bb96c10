#pragma once
#include "daemon/acmpca/shapes.hpp"

// The constraint table of the API model, acm-pca 2017-08-22: the input of every operation.
namespace acmpca::shape {

extern const Shape kCreateCertificateAuthority;
extern const Shape kCreateCertificateAuthorityAuditReport;
extern const Shape kCreatePermission;
extern const Shape kDeleteCertificateAuthority;
extern const Shape kDeletePermission;
extern const Shape kDeletePolicy;
extern const Shape kDescribeCertificateAuthority;
extern const Shape kDescribeCertificateAuthorityAuditReport;
extern const Shape kGetCertificate;
extern const Shape kGetCertificateAuthorityCertificate;
extern const Shape kGetCertificateAuthorityCsr;
extern const Shape kGetPolicy;
extern const Shape kImportCertificateAuthorityCertificate;
extern const Shape kIssueCertificate;
extern const Shape kListCertificateAuthorities;
extern const Shape kListPermissions;
extern const Shape kListTags;
extern const Shape kPutPolicy;
extern const Shape kRestoreCertificateAuthority;
extern const Shape kRevokeCertificate;
extern const Shape kTagCertificateAuthority;
extern const Shape kUntagCertificateAuthority;
extern const Shape kUpdateCertificateAuthority;

}  // namespace acmpca::shape
