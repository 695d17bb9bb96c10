#include "ca/policy/actions.hpp"

#include <array>

namespace ca {
namespace {

constexpr std::array<std::string_view, 30> kActions{
    "acm-pca:CreateCertificateAuthority",
    "acm-pca:DescribeCertificateAuthority",
    "acm-pca:ListCertificateAuthorities",
    "acm-pca:UpdateCertificateAuthority",
    "acm-pca:DeleteCertificateAuthority",
    "acm-pca:RestoreCertificateAuthority",
    "acm-pca:GetCertificateAuthorityCsr",
    "acm-pca:GetCertificateAuthorityCertificate",
    "acm-pca:ImportCertificateAuthorityCertificate",
    "acm-pca:IssueCertificate",
    "acm-pca:GetCertificate",
    "acm-pca:RevokeCertificate",
    "acm-pca:CreateCertificateAuthorityAuditReport",
    "acm-pca:DescribeCertificateAuthorityAuditReport",
    "acm-pca:CreatePermission",
    "acm-pca:DeletePermission",
    "acm-pca:ListPermissions",
    "acm-pca:PutPolicy",
    "acm-pca:GetPolicy",
    "acm-pca:DeletePolicy",
    "acm-pca:TagCertificateAuthority",
    "acm-pca:UntagCertificateAuthority",
    "acm-pca:ListTags",
    "chancery:ListCertificates",   // the AWS API has no list of certificates,
    "chancery:ListAuthorityKeys",  // and its authorities keep their one key
    "chancery:PrepareAuthorityKey",
    "chancery:ActivateAuthorityKey",
    "chancery:DiscardAuthorityKey",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",  // always allowed, as with AWS; policies name it all the same
};

}  // namespace

std::span<const std::string_view> all_actions() { return kActions; }

}  // namespace ca
