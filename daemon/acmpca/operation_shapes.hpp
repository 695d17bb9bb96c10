#pragma once
#include "daemon/acmpca/shapes.hpp"

// The constraint table of the API model, botocore acm-pca 2017-08-22: one shape per operation's input.
namespace acmpca::shape {

extern const Shape kCreateCertificateAuthority;
extern const Shape kDescribeCertificateAuthority;
extern const Shape kListCertificateAuthorities;
extern const Shape kUpdateCertificateAuthority;
extern const Shape kGetCertificateAuthorityCsr;
extern const Shape kImportCertificateAuthorityCertificate;
extern const Shape kGetCertificateAuthorityCertificate;
extern const Shape kIssueCertificate;
extern const Shape kGetCertificate;
extern const Shape kRevokeCertificate;

}  // namespace acmpca::shape
