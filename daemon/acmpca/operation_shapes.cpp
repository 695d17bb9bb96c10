#include "daemon/acmpca/operation_shapes.hpp"

#include "daemon/acmpca/structure_shapes.hpp"

namespace acmpca::shape {
namespace {

constexpr Member kAuthority{"CertificateAuthorityArn", &kArn, true};
constexpr Member kResource{"ResourceArn", &kArn, true};

constexpr std::array kAuthorityOnly{kAuthority};
constexpr std::array kResourceOnly{kResource};
constexpr std::array kCreateCertificateAuthorityMembers{
    Member{"CertificateAuthorityConfiguration", &kCertificateAuthorityConfiguration, true},
    Member{"RevocationConfiguration", &kRevocationConfiguration},
    Member{"CertificateAuthorityType", &kCertificateAuthorityType, true},
    Member{"IdempotencyToken", &kIdempotencyToken},
    Member{"KeyStorageSecurityStandard", &kKeyStorageSecurityStandard},
    Member{"Tags", &kTagList},
    Member{"UsageMode", &kCertificateAuthorityUsageMode}};
constexpr std::array kCreateReportMembers{
    kAuthority, Member{"S3BucketName", &kS3BucketName, true},
    Member{"AuditReportResponseFormat", &kAuditReportResponseFormat, true}};
constexpr std::array kDescribeReportMembers{kAuthority, Member{"AuditReportId", &kAuditReportId, true}};
constexpr std::array kCreatePermissionMembers{kAuthority, Member{"Principal", &kPrincipal, true},
                                              Member{"SourceAccount", &kAccountId},
                                              Member{"Actions", &kActionList, true}};
constexpr std::array kDeletePermissionMembers{kAuthority, Member{"Principal", &kPrincipal, true},
                                              Member{"SourceAccount", &kAccountId}};
constexpr std::array kDeleteCertificateAuthorityMembers{
    kAuthority, Member{"PermanentDeletionTimeInDays", &kPermanentDeletionTimeInDays}};
constexpr std::array kGetCertificateMembers{kAuthority, Member{"CertificateArn", &kArn, true}};
constexpr std::array kImportMembers{kAuthority, Member{"Certificate", &kCertificateBodyBlob, true},
                                    Member{"CertificateChain", &kCertificateChainBlob}};
constexpr std::array kIssueCertificateMembers{Member{"ApiPassthrough", &kApiPassthrough},
                                              kAuthority,
                                              Member{"Csr", &kCsrBlob, true},
                                              Member{"SigningAlgorithm", &kSigningAlgorithm, true},
                                              Member{"TemplateArn", &kArn},
                                              Member{"Validity", &kValidity, true},
                                              Member{"ValidityNotBefore", &kValidity},
                                              Member{"IdempotencyToken", &kIdempotencyToken}};
constexpr std::array kListAuthoritiesMembers{Member{"MaxResults", &kMaxResults},
                                             Member{"NextToken", &kNextToken},
                                             Member{"ResourceOwner", &kResourceOwner}};
constexpr std::array kPageMembers{Member{"MaxResults", &kMaxResults}, Member{"NextToken", &kNextToken},
                                  kAuthority};
constexpr std::array kPutPolicyMembers{kResource, Member{"Policy", &kAwsPolicy, true}};
constexpr std::array kRevokeMembers{kAuthority, Member{"CertificateSerial", &kString128, true},
                                    Member{"RevocationReason", &kRevocationReason, true}};
constexpr std::array kTagMembersOfAuthority{kAuthority, Member{"Tags", &kTagList, true}};
constexpr std::array kUpdateMembers{kAuthority, Member{"RevocationConfiguration", &kRevocationConfiguration},
                                    Member{"Status", &kCertificateAuthorityStatus}};

}  // namespace

constexpr Shape kCreateCertificateAuthority = structure(kCreateCertificateAuthorityMembers);
constexpr Shape kCreateCertificateAuthorityAuditReport = structure(kCreateReportMembers);
constexpr Shape kCreatePermission = structure(kCreatePermissionMembers);
constexpr Shape kDeleteCertificateAuthority = structure(kDeleteCertificateAuthorityMembers);
constexpr Shape kDeletePermission = structure(kDeletePermissionMembers);
constexpr Shape kDeletePolicy = structure(kResourceOnly);
constexpr Shape kDescribeCertificateAuthority = structure(kAuthorityOnly);
constexpr Shape kDescribeCertificateAuthorityAuditReport = structure(kDescribeReportMembers);
constexpr Shape kGetCertificate = structure(kGetCertificateMembers);
constexpr Shape kGetCertificateAuthorityCertificate = structure(kAuthorityOnly);
constexpr Shape kGetCertificateAuthorityCsr = structure(kAuthorityOnly);
constexpr Shape kGetPolicy = structure(kResourceOnly);
constexpr Shape kImportCertificateAuthorityCertificate = structure(kImportMembers);
constexpr Shape kIssueCertificate = structure(kIssueCertificateMembers);
constexpr Shape kListCertificateAuthorities = structure(kListAuthoritiesMembers);
constexpr Shape kListPermissions = structure(kPageMembers);
constexpr Shape kListTags = structure(kPageMembers);
constexpr Shape kPutPolicy = structure(kPutPolicyMembers);
constexpr Shape kRestoreCertificateAuthority = structure(kAuthorityOnly);
constexpr Shape kRevokeCertificate = structure(kRevokeMembers);
constexpr Shape kTagCertificateAuthority = structure(kTagMembersOfAuthority);
constexpr Shape kUntagCertificateAuthority = structure(kTagMembersOfAuthority);
constexpr Shape kUpdateCertificateAuthority = structure(kUpdateMembers);

}  // namespace acmpca::shape
