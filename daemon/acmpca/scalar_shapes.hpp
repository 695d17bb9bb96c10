#pragma once
#include <array>

#include "daemon/acmpca/patterns.hpp"
#include "daemon/acmpca/shapes.hpp"

// The scalar shapes of the API model under their own names: strings, blobs, numbers, enums.
namespace acmpca::shape {

using Kind = Shape::Kind;

constexpr Shape text(long min, long max) { return {.kind = Kind::string, .min = min, .max = max}; }
constexpr Shape text(long min, long max, std::string_view pattern, bool (*matches)(std::string_view)) {
  return {.kind = Kind::string, .min = min, .max = max, .pattern = pattern, .matches = matches};
}
constexpr Shape blob(long min, long max) { return {.kind = Kind::blob, .min = min, .max = max}; }
constexpr Shape integer(long min, long max) { return {.kind = Kind::integer, .min = min, .max = max}; }
template <std::size_t N>
constexpr Shape one_of(const std::array<std::string_view, N>& values) {
  return {.kind = Kind::string, .values = values};
}

inline constexpr Shape kBoolean{.kind = Kind::boolean};
inline constexpr Shape kString3 = text(0, 3);
inline constexpr Shape kString5 = text(0, 5);
inline constexpr Shape kString16 = text(0, 16);
inline constexpr Shape kString39 = text(0, 39);
inline constexpr Shape kString40 = text(0, 40);
inline constexpr Shape kString64 = text(0, 64);
inline constexpr Shape kString128 = text(0, 128);
inline constexpr Shape kString253 = text(0, 253);
inline constexpr Shape kString256 = text(0, 256);
inline constexpr Shape kString1To256 = text(1, 256);

inline constexpr Shape kArn = text(5, 200, pattern::kArn, pattern::is_arn);
inline constexpr Shape kAccountId = text(12, 12, pattern::kAccountId, pattern::is_account_id);
inline constexpr Shape kAsn1PrintableString64 = text(0, 64, pattern::kPrintable, pattern::is_printable);
inline constexpr Shape kAuditReportId = text(36, 36, pattern::kAuditReportId, pattern::is_audit_report_id);
inline constexpr Shape kAwsPolicy = text(1, 81920, pattern::kPolicy, pattern::is_latin1);
inline constexpr Shape kBase64String1To4096 = text(1, 4096, pattern::kBase64, pattern::is_base64);
inline constexpr Shape kCnameString = text(0, 253, pattern::kCname, pattern::is_cname);
inline constexpr Shape kCountryCodeString = text(2, 2, pattern::kCountry, pattern::is_country);
inline constexpr Shape kCrlPathString = text(0, 253, pattern::kCrlPath, pattern::is_crl_path);
inline constexpr Shape kCustomObjectIdentifier = text(0, 64, pattern::kOid, pattern::is_oid);
inline constexpr Shape kIdempotencyToken = text(1, 36, pattern::kLatin1, pattern::is_latin1);
inline constexpr Shape kNextToken = text(1, 43739);
inline constexpr Shape kPrincipal = text(0, 128, pattern::kPrincipal, pattern::is_principal);
inline constexpr Shape kS3BucketName = text(3, 63);
inline constexpr Shape kS3BucketName3To255 = text(3, 255, pattern::kBucket, pattern::is_bucket);
inline constexpr Shape kTagKey = text(1, 128, pattern::kTag, pattern::is_tag);
inline constexpr Shape kTagValue = text(0, 256, pattern::kTag, pattern::is_tag);

inline constexpr Shape kCsrBlob = blob(1, 32768);
inline constexpr Shape kCertificateBodyBlob = blob(1, 32768);
inline constexpr Shape kCertificateChainBlob = blob(0, 2097152);

inline constexpr Shape kInteger1To5000 = integer(1, 5000);
inline constexpr Shape kMaxResults = integer(1, 1000);
inline constexpr Shape kPermanentDeletionTimeInDays = integer(7, 30);
inline constexpr Shape kPositiveLong = integer(1, LONG_MAX);

template <std::size_t N>
using Values = std::array<std::string_view, N>;

inline constexpr Values<3> kAccessMethodTypes{"CA_REPOSITORY", "RESOURCE_PKI_MANIFEST",
                                              "RESOURCE_PKI_NOTIFY"};
inline constexpr Values<3> kActionTypes{"IssueCertificate", "GetCertificate", "ListPermissions"};
inline constexpr Values<2> kAuditReportResponseFormats{"JSON", "CSV"};
inline constexpr Values<7> kCertificateAuthorityStatuses{
    "CREATING", "PENDING_CERTIFICATE", "ACTIVE", "DELETED", "DISABLED", "EXPIRED", "FAILED"};
inline constexpr Values<2> kCertificateAuthorityTypes{"ROOT", "SUBORDINATE"};
inline constexpr Values<2> kCertificateAuthorityUsageModes{"GENERAL_PURPOSE", "SHORT_LIVED_CERTIFICATE"};
inline constexpr Values<2> kCrlTypes{"COMPLETE", "PARTITIONED"};
inline constexpr Values<9> kExtendedKeyUsageTypes{
    "SERVER_AUTH",  "CLIENT_AUTH",      "CODE_SIGNING",     "EMAIL_PROTECTION",        "TIME_STAMPING",
    "OCSP_SIGNING", "SMART_CARD_LOGIN", "DOCUMENT_SIGNING", "CERTIFICATE_TRANSPARENCY"};
// ED25519 is ours, at the end of both lists.
inline constexpr Values<11> kKeyAlgorithms{"RSA_2048",     "RSA_3072",     "RSA_4096",  "EC_prime256v1",
                                           "EC_secp384r1", "EC_secp521r1", "ML_DSA_44", "ML_DSA_65",
                                           "ML_DSA_87",    "SM2",          "ED25519"};
inline constexpr Values<11> kSigningAlgorithms{"SHA256WITHECDSA", "SHA384WITHECDSA", "SHA512WITHECDSA",
                                               "SHA256WITHRSA",   "SHA384WITHRSA",   "SHA512WITHRSA",
                                               "SM3WITHSM2",      "ML_DSA_44",       "ML_DSA_65",
                                               "ML_DSA_87",       "ED25519"};
inline constexpr Values<3> kKeyStorageSecurityStandards{
    "FIPS_140_2_LEVEL_2_OR_HIGHER", "FIPS_140_2_LEVEL_3_OR_HIGHER", "CCPC_LEVEL_1_OR_HIGHER"};
inline constexpr Values<1> kPolicyQualifierIds{"CPS"};
inline constexpr Values<2> kResourceOwners{"SELF", "OTHER_ACCOUNTS"};
inline constexpr Values<8> kRevocationReasons{
    "UNSPECIFIED",         "KEY_COMPROMISE", "CERTIFICATE_AUTHORITY_COMPROMISE",
    "AFFILIATION_CHANGED", "SUPERSEDED",     "CESSATION_OF_OPERATION",
    "PRIVILEGE_WITHDRAWN", "A_A_COMPROMISE"};
inline constexpr Values<2> kS3ObjectAcls{"PUBLIC_READ", "BUCKET_OWNER_FULL_CONTROL"};
inline constexpr Values<5> kValidityPeriodTypes{"END_DATE", "ABSOLUTE", "DAYS", "MONTHS", "YEARS"};

inline constexpr Shape kAccessMethodType = one_of(kAccessMethodTypes);
inline constexpr Shape kActionType = one_of(kActionTypes);
inline constexpr Shape kAuditReportResponseFormat = one_of(kAuditReportResponseFormats);
inline constexpr Shape kCertificateAuthorityStatus = one_of(kCertificateAuthorityStatuses);
inline constexpr Shape kCertificateAuthorityType = one_of(kCertificateAuthorityTypes);
inline constexpr Shape kCertificateAuthorityUsageMode = one_of(kCertificateAuthorityUsageModes);
inline constexpr Shape kCrlType = one_of(kCrlTypes);
inline constexpr Shape kExtendedKeyUsageType = one_of(kExtendedKeyUsageTypes);
inline constexpr Shape kKeyAlgorithm = one_of(kKeyAlgorithms);
inline constexpr Shape kSigningAlgorithm = one_of(kSigningAlgorithms);
inline constexpr Shape kKeyStorageSecurityStandard = one_of(kKeyStorageSecurityStandards);
inline constexpr Shape kPolicyQualifierId = one_of(kPolicyQualifierIds);
inline constexpr Shape kResourceOwner = one_of(kResourceOwners);
inline constexpr Shape kRevocationReason = one_of(kRevocationReasons);
inline constexpr Shape kS3ObjectAcl = one_of(kS3ObjectAcls);
inline constexpr Shape kValidityPeriodType = one_of(kValidityPeriodTypes);

}  // namespace acmpca::shape
