#include "daemon/acmpca/operation_shapes.hpp"

#include <array>

#include "daemon/acmpca/patterns.hpp"

namespace acmpca::shape {
namespace {

using Kind = Shape::Kind;
using std::string_view;

constexpr std::array<string_view, 2> kAuthorityTypes{"ROOT", "SUBORDINATE"};
constexpr std::array<string_view, 7> kStatuses{
    "CREATING", "PENDING_CERTIFICATE", "ACTIVE", "DELETED", "DISABLED", "EXPIRED", "FAILED"};
constexpr std::array<string_view, 2> kUsageModes{"GENERAL_PURPOSE", "SHORT_LIVED_CERTIFICATE"};
// ED25519 is ours, at the end of both lists.
constexpr std::array<string_view, 11> kKeyAlgorithms{
    "RSA_2048",  "RSA_3072",  "RSA_4096",  "EC_prime256v1", "EC_secp384r1", "EC_secp521r1",
    "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "SM2",           "ED25519"};
constexpr std::array<string_view, 11> kSigningAlgorithms{
    "SHA256WITHECDSA", "SHA384WITHECDSA", "SHA512WITHECDSA", "SHA256WITHRSA",
    "SHA384WITHRSA",   "SHA512WITHRSA",   "SM3WITHSM2",      "ML_DSA_44",
    "ML_DSA_65",       "ML_DSA_87",       "ED25519"};
constexpr std::array<string_view, 3> kStorageStandards{
    "FIPS_140_2_LEVEL_2_OR_HIGHER", "FIPS_140_2_LEVEL_3_OR_HIGHER", "CCPC_LEVEL_1_OR_HIGHER"};
constexpr std::array<string_view, 8> kRevocationReasons{
    "UNSPECIFIED",         "KEY_COMPROMISE", "CERTIFICATE_AUTHORITY_COMPROMISE",
    "AFFILIATION_CHANGED", "SUPERSEDED",     "CESSATION_OF_OPERATION",
    "PRIVILEGE_WITHDRAWN", "A_A_COMPROMISE"};
constexpr std::array<string_view, 2> kResourceOwners{"SELF", "OTHER_ACCOUNTS"};
constexpr std::array<string_view, 5> kValidityTypes{"END_DATE", "ABSOLUTE", "DAYS", "MONTHS", "YEARS"};

constexpr Shape text(long min, long max) { return {.kind = Kind::string, .min = min, .max = max}; }
template <std::size_t N>
constexpr Shape one_of(const std::array<string_view, N>& values) {
  return {.kind = Kind::string, .values = values};
}
constexpr Shape structure(std::span<const Member> members) {
  return {.kind = Kind::structure, .members = members};
}

constexpr Shape kArn{
    .kind = Kind::string, .min = 5, .max = 200, .pattern = pattern::kArn, .matches = pattern::is_arn};
constexpr Shape kToken{
    .kind = Kind::string, .min = 1, .max = 36, .pattern = pattern::kLatin1, .matches = pattern::is_latin1};
constexpr Shape kBlob32K{.kind = Kind::blob, .min = 1, .max = 32768};
constexpr Shape kChainBlob{.kind = Kind::blob, .min = 0, .max = 2097152};
constexpr Shape kBoolean{.kind = Kind::boolean};
constexpr Shape kIgnored{.kind = Kind::ignored_structure};
constexpr Shape kCountry{
    .kind = Kind::string, .min = 2, .max = 2, .pattern = pattern::kCountry, .matches = pattern::is_country};
constexpr Shape kPrintable64{.kind = Kind::string,
                             .min = 0,
                             .max = 64,
                             .pattern = pattern::kPrintable,
                             .matches = pattern::is_printable};
constexpr Shape kOid{
    .kind = Kind::string, .min = 0, .max = 64, .pattern = pattern::kOid, .matches = pattern::is_oid};
constexpr Shape kText3 = text(0, 3);
constexpr Shape kText5 = text(0, 5);
constexpr Shape kText16 = text(0, 16);
constexpr Shape kText40 = text(0, 40);
constexpr Shape kText64 = text(0, 64);
constexpr Shape kText128 = text(0, 128);
constexpr Shape kText1To256 = text(1, 256);
constexpr Shape kNextToken = text(1, 43739);
constexpr Shape kMaxResults{.kind = Kind::integer, .min = 1, .max = 1000};
constexpr Shape kPositiveLong{.kind = Kind::integer, .min = 1};
constexpr Shape kAuthorityType = one_of(kAuthorityTypes);
constexpr Shape kStatus = one_of(kStatuses);
constexpr Shape kUsageMode = one_of(kUsageModes);
constexpr Shape kKeyAlgorithm = one_of(kKeyAlgorithms);
constexpr Shape kSigningAlgorithm = one_of(kSigningAlgorithms);
constexpr Shape kStorageStandard = one_of(kStorageStandards);
constexpr Shape kRevocationReason = one_of(kRevocationReasons);
constexpr Shape kResourceOwner = one_of(kResourceOwners);
constexpr Shape kValidityType = one_of(kValidityTypes);

constexpr std::array kCustomAttributeMembers{Member{"ObjectIdentifier", &kOid, true},
                                             Member{"Value", &kText1To256, true}};
constexpr Shape kCustomAttribute = structure(kCustomAttributeMembers);
constexpr Shape kCustomAttributes{.kind = Kind::list, .min = 1, .max = 150, .element = &kCustomAttribute};

constexpr std::array kSubjectMembers{
    Member{"Country", &kCountry},
    Member{"Organization", &kText64},
    Member{"OrganizationalUnit", &kText64},
    Member{"DistinguishedNameQualifier", &kPrintable64},
    Member{"State", &kText128},
    Member{"CommonName", &kText64},
    Member{"SerialNumber", &kPrintable64},
    Member{"Locality", &kText128},
    Member{"Title", &kText64},
    Member{"Surname", &kText40},
    Member{"GivenName", &kText16},
    Member{"Initials", &kText5},
    Member{"Pseudonym", &kText128},
    Member{"GenerationQualifier", &kText3},
    Member{"CustomAttributes", &kCustomAttributes},
};
constexpr Shape kSubject = structure(kSubjectMembers);

// Only whether one of the two is there: their contents are not available yet.
constexpr Shape kAnyList{.kind = Kind::list, .element = &kIgnored};
constexpr std::array kCsrExtensionsMembers{Member{"KeyUsage", &kIgnored},
                                           Member{"SubjectInformationAccess", &kAnyList}};
constexpr Shape kCsrExtensions = structure(kCsrExtensionsMembers);

constexpr std::array kConfigurationMembers{
    Member{"KeyAlgorithm", &kKeyAlgorithm, true}, Member{"SigningAlgorithm", &kSigningAlgorithm, true},
    Member{"Subject", &kSubject, true}, Member{"CsrExtensions", &kCsrExtensions}};
constexpr Shape kConfiguration = structure(kConfigurationMembers);

constexpr Shape kExpirationInDays{.kind = Kind::integer, .min = 1, .max = 5000};
constexpr Shape kText253 = text(0, 253);
constexpr Shape kBucket = text(3, 255);
constexpr std::array<string_view, 2> kBucketAccess{"PUBLIC_READ", "BUCKET_OWNER_FULL_CONTROL"};
constexpr Shape kObjectAcl = one_of(kBucketAccess);
constexpr std::array<string_view, 2> kCrlTypes{"COMPLETE", "PARTITIONED"};
constexpr Shape kCrlType = one_of(kCrlTypes);
constexpr std::array kPointExtensionMembers{Member{"OmitExtension", &kBoolean, true}};
constexpr Shape kPointExtension = structure(kPointExtensionMembers);
constexpr std::array kCrlMembers{Member{"Enabled", &kBoolean, true},
                                 Member{"ExpirationInDays", &kExpirationInDays},
                                 Member{"CustomCname", &kText253},
                                 Member{"S3BucketName", &kBucket},
                                 Member{"S3ObjectAcl", &kObjectAcl},
                                 Member{"CrlDistributionPointExtensionConfiguration", &kPointExtension},
                                 Member{"CrlType", &kCrlType},
                                 Member{"CustomPath", &kText253}};
constexpr Shape kCrl = structure(kCrlMembers);
constexpr std::array kOcspMembers{Member{"Enabled", &kBoolean, true}, Member{"OcspCustomCname", &kText253}};
constexpr Shape kOcsp = structure(kOcspMembers);
constexpr std::array kRevocationMembers{Member{"CrlConfiguration", &kCrl},
                                        Member{"OcspConfiguration", &kOcsp}};
constexpr Shape kRevocation = structure(kRevocationMembers);

constexpr Shape kTagKey{
    .kind = Kind::string, .min = 1, .max = 128, .pattern = pattern::kTag, .matches = pattern::is_tag};
constexpr Shape kTagValue{
    .kind = Kind::string, .min = 0, .max = 256, .pattern = pattern::kTag, .matches = pattern::is_tag};
constexpr std::array kTagMembers{Member{"Key", &kTagKey, true}, Member{"Value", &kTagValue}};
constexpr Shape kTag = structure(kTagMembers);
constexpr Shape kTags{.kind = Kind::list, .min = 1, .max = 50, .element = &kTag};

constexpr std::array kValidityMembers{Member{"Value", &kPositiveLong, true},
                                      Member{"Type", &kValidityType, true}};
constexpr Shape kValidity = structure(kValidityMembers);

constexpr std::array kCreateMembers{Member{"CertificateAuthorityConfiguration", &kConfiguration, true},
                                    Member{"RevocationConfiguration", &kRevocation},
                                    Member{"CertificateAuthorityType", &kAuthorityType, true},
                                    Member{"IdempotencyToken", &kToken},
                                    Member{"KeyStorageSecurityStandard", &kStorageStandard},
                                    Member{"Tags", &kTags},
                                    Member{"UsageMode", &kUsageMode}};
constexpr std::array kAuthorityOnly{Member{"CertificateAuthorityArn", &kArn, true}};
constexpr std::array kListMembers{Member{"MaxResults", &kMaxResults}, Member{"NextToken", &kNextToken},
                                  Member{"ResourceOwner", &kResourceOwner}};
constexpr std::array kUpdateMembers{Member{"CertificateAuthorityArn", &kArn, true},
                                    Member{"RevocationConfiguration", &kRevocation},
                                    Member{"Status", &kStatus}};
constexpr std::array kImportMembers{Member{"CertificateAuthorityArn", &kArn, true},
                                    Member{"Certificate", &kBlob32K, true},
                                    Member{"CertificateChain", &kChainBlob}};
constexpr std::array kIssueMembers{Member{"ApiPassthrough", &kIgnored},
                                   Member{"CertificateAuthorityArn", &kArn, true},
                                   Member{"Csr", &kBlob32K, true},
                                   Member{"SigningAlgorithm", &kSigningAlgorithm, true},
                                   Member{"TemplateArn", &kArn},
                                   Member{"Validity", &kValidity, true},
                                   Member{"ValidityNotBefore", &kValidity},
                                   Member{"IdempotencyToken", &kToken}};
constexpr std::array kGetMembers{Member{"CertificateAuthorityArn", &kArn, true},
                                 Member{"CertificateArn", &kArn, true}};
constexpr std::array kRevokeMembers{Member{"CertificateAuthorityArn", &kArn, true},
                                    Member{"CertificateSerial", &kText128, true},
                                    Member{"RevocationReason", &kRevocationReason, true}};

}  // namespace

constexpr Shape kCreateCertificateAuthority = structure(kCreateMembers);
constexpr Shape kDescribeCertificateAuthority = structure(kAuthorityOnly);
constexpr Shape kListCertificateAuthorities = structure(kListMembers);
constexpr Shape kUpdateCertificateAuthority = structure(kUpdateMembers);
constexpr Shape kGetCertificateAuthorityCsr = structure(kAuthorityOnly);
constexpr Shape kImportCertificateAuthorityCertificate = structure(kImportMembers);
constexpr Shape kGetCertificateAuthorityCertificate = structure(kAuthorityOnly);
constexpr Shape kIssueCertificate = structure(kIssueMembers);
constexpr Shape kGetCertificate = structure(kGetMembers);
constexpr Shape kRevokeCertificate = structure(kRevokeMembers);

}  // namespace acmpca::shape
