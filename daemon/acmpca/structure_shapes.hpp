#pragma once
#include "daemon/acmpca/scalar_shapes.hpp"

// The structures and lists of the API model under their own names.
namespace acmpca::shape {

constexpr Shape structure(std::span<const Member> members) {
  return {.kind = Kind::structure, .members = members};
}
constexpr Shape list_of(const Shape& element, long min, long max) {
  return {.kind = Kind::list, .min = min, .max = max, .element = &element};
}

// ---- names
inline constexpr std::array kCustomAttributeMembers{
    Member{"ObjectIdentifier", &kCustomObjectIdentifier, true}, Member{"Value", &kString1To256, true}};
inline constexpr Shape kCustomAttribute = structure(kCustomAttributeMembers);
inline constexpr Shape kCustomAttributeList = list_of(kCustomAttribute, 1, 150);
inline constexpr std::array kAsn1SubjectMembers{
    Member{"Country", &kCountryCodeString},
    Member{"Organization", &kString64},
    Member{"OrganizationalUnit", &kString64},
    Member{"DistinguishedNameQualifier", &kAsn1PrintableString64},
    Member{"State", &kString128},
    Member{"CommonName", &kString64},
    Member{"SerialNumber", &kAsn1PrintableString64},
    Member{"Locality", &kString128},
    Member{"Title", &kString64},
    Member{"Surname", &kString40},
    Member{"GivenName", &kString16},
    Member{"Initials", &kString5},
    Member{"Pseudonym", &kString128},
    Member{"GenerationQualifier", &kString3},
    Member{"CustomAttributes", &kCustomAttributeList},
};
inline constexpr Shape kAsn1Subject = structure(kAsn1SubjectMembers);
inline constexpr std::array kOtherNameMembers{Member{"TypeId", &kCustomObjectIdentifier, true},
                                              Member{"Value", &kString256, true}};
inline constexpr Shape kOtherName = structure(kOtherNameMembers);
inline constexpr std::array kEdiPartyNameMembers{Member{"PartyName", &kString256, true},
                                                 Member{"NameAssigner", &kString256}};
inline constexpr Shape kEdiPartyName = structure(kEdiPartyNameMembers);
inline constexpr std::array kGeneralNameMembers{
    Member{"OtherName", &kOtherName},       Member{"Rfc822Name", &kString256},
    Member{"DnsName", &kString253},         Member{"DirectoryName", &kAsn1Subject},
    Member{"EdiPartyName", &kEdiPartyName}, Member{"UniformResourceIdentifier", &kString253},
    Member{"IpAddress", &kString39},        Member{"RegisteredId", &kCustomObjectIdentifier}};
inline constexpr Shape kGeneralName = structure(kGeneralNameMembers);
inline constexpr Shape kGeneralNameList = list_of(kGeneralName, 1, 150);

// ---- extensions
inline constexpr std::array kKeyUsageMembers{
    Member{"DigitalSignature", &kBoolean}, Member{"NonRepudiation", &kBoolean},
    Member{"KeyEncipherment", &kBoolean},  Member{"DataEncipherment", &kBoolean},
    Member{"KeyAgreement", &kBoolean},     Member{"KeyCertSign", &kBoolean},
    Member{"CRLSign", &kBoolean},          Member{"EncipherOnly", &kBoolean},
    Member{"DecipherOnly", &kBoolean}};
inline constexpr Shape kKeyUsage = structure(kKeyUsageMembers);
inline constexpr std::array kAccessMethodMembers{Member{"CustomObjectIdentifier", &kCustomObjectIdentifier},
                                                 Member{"AccessMethodType", &kAccessMethodType}};
inline constexpr Shape kAccessMethod = structure(kAccessMethodMembers);
inline constexpr std::array kAccessDescriptionMembers{Member{"AccessMethod", &kAccessMethod, true},
                                                      Member{"AccessLocation", &kGeneralName, true}};
inline constexpr Shape kAccessDescription = structure(kAccessDescriptionMembers);
inline constexpr Shape kAccessDescriptionList = list_of(kAccessDescription, LONG_MIN, LONG_MAX);
inline constexpr std::array kCsrExtensionsMembers{
    Member{"KeyUsage", &kKeyUsage}, Member{"SubjectInformationAccess", &kAccessDescriptionList}};
inline constexpr Shape kCsrExtensions = structure(kCsrExtensionsMembers);
inline constexpr std::array kQualifierMembers{Member{"CpsUri", &kString256, true}};
inline constexpr Shape kQualifier = structure(kQualifierMembers);
inline constexpr std::array kPolicyQualifierInfoMembers{
    Member{"PolicyQualifierId", &kPolicyQualifierId, true}, Member{"Qualifier", &kQualifier, true}};
inline constexpr Shape kPolicyQualifierInfo = structure(kPolicyQualifierInfoMembers);
inline constexpr Shape kPolicyQualifierInfoList = list_of(kPolicyQualifierInfo, 1, 20);
inline constexpr std::array kPolicyInformationMembers{Member{"CertPolicyId", &kCustomObjectIdentifier, true},
                                                      Member{"PolicyQualifiers", &kPolicyQualifierInfoList}};
inline constexpr Shape kPolicyInformation = structure(kPolicyInformationMembers);
inline constexpr Shape kCertificatePolicyList = list_of(kPolicyInformation, 1, 20);
inline constexpr std::array kExtendedKeyUsageMembers{
    Member{"ExtendedKeyUsageType", &kExtendedKeyUsageType},
    Member{"ExtendedKeyUsageObjectIdentifier", &kCustomObjectIdentifier}};
inline constexpr Shape kExtendedKeyUsage = structure(kExtendedKeyUsageMembers);
inline constexpr Shape kExtendedKeyUsageList = list_of(kExtendedKeyUsage, 1, 20);
inline constexpr std::array kCustomExtensionMembers{
    Member{"ObjectIdentifier", &kCustomObjectIdentifier, true}, Member{"Value", &kBase64String1To4096, true},
    Member{"Critical", &kBoolean}};
inline constexpr Shape kCustomExtension = structure(kCustomExtensionMembers);
inline constexpr Shape kCustomExtensionList = list_of(kCustomExtension, 1, 150);
inline constexpr std::array kExtensionsMembers{
    Member{"CertificatePolicies", &kCertificatePolicyList},
    Member{"ExtendedKeyUsage", &kExtendedKeyUsageList}, Member{"KeyUsage", &kKeyUsage},
    Member{"SubjectAlternativeNames", &kGeneralNameList}, Member{"CustomExtensions", &kCustomExtensionList}};
inline constexpr Shape kExtensions = structure(kExtensionsMembers);
inline constexpr std::array kApiPassthroughMembers{Member{"Extensions", &kExtensions},
                                                   Member{"Subject", &kAsn1Subject}};
inline constexpr Shape kApiPassthrough = structure(kApiPassthroughMembers);

// ---- authorities
inline constexpr std::array kCertificateAuthorityConfigurationMembers{
    Member{"KeyAlgorithm", &kKeyAlgorithm, true}, Member{"SigningAlgorithm", &kSigningAlgorithm, true},
    Member{"Subject", &kAsn1Subject, true}, Member{"CsrExtensions", &kCsrExtensions}};
inline constexpr Shape kCertificateAuthorityConfiguration =
    structure(kCertificateAuthorityConfigurationMembers);
inline constexpr std::array kCrlDistributionPointExtensionConfigurationMembers{
    Member{"OmitExtension", &kBoolean, true}};
inline constexpr Shape kCrlDistributionPointExtensionConfiguration =
    structure(kCrlDistributionPointExtensionConfigurationMembers);
inline constexpr std::array kCrlConfigurationMembers{
    Member{"Enabled", &kBoolean, true},
    Member{"ExpirationInDays", &kInteger1To5000},
    Member{"CustomCname", &kCnameString},
    Member{"S3BucketName", &kS3BucketName3To255},
    Member{"S3ObjectAcl", &kS3ObjectAcl},
    Member{"CrlDistributionPointExtensionConfiguration", &kCrlDistributionPointExtensionConfiguration},
    Member{"CrlType", &kCrlType},
    Member{"CustomPath", &kCrlPathString}};
inline constexpr Shape kCrlConfiguration = structure(kCrlConfigurationMembers);
inline constexpr std::array kOcspConfigurationMembers{Member{"Enabled", &kBoolean, true},
                                                      Member{"OcspCustomCname", &kCnameString}};
inline constexpr Shape kOcspConfiguration = structure(kOcspConfigurationMembers);
inline constexpr std::array kRevocationConfigurationMembers{Member{"CrlConfiguration", &kCrlConfiguration},
                                                            Member{"OcspConfiguration", &kOcspConfiguration}};
inline constexpr Shape kRevocationConfiguration = structure(kRevocationConfigurationMembers);
inline constexpr std::array kTagMembers{Member{"Key", &kTagKey, true}, Member{"Value", &kTagValue}};
inline constexpr Shape kTag = structure(kTagMembers);
inline constexpr Shape kTagList = list_of(kTag, 1, 50);
inline constexpr Shape kActionList = list_of(kActionType, 1, 3);
inline constexpr std::array kValidityMembers{Member{"Value", &kPositiveLong, true},
                                             Member{"Type", &kValidityPeriodType, true}};
inline constexpr Shape kValidity = structure(kValidityMembers);

}  // namespace acmpca::shape
