"""Through the wire, with Debian's boto3: what each kind of principal must never get."""
import botocore.exceptions
import pytest

from tests.support.templates import ALL_TEMPLATES, arn

PROVISIONING = {"EndEntityCertificate", "EndEntityClientAuthCertificate", "EndEntityServerAuthCertificate"}


def order(running, csr, template):
    return {"CertificateAuthorityArn": running.ca_arn, "Csr": csr, "SigningAlgorithm": "SHA256WITHECDSA",
            "Validity": {"Value": 1, "Type": "DAYS"}, "TemplateArn": arn(template)}



def test_the_provisioning_role_cannot_issue_a_ca_certificate(running):
    """[I11] Every template of the API; the answer comes from the policy, whatever the CSR asks."""
    client = running.boto("provisioner", retries={"max_attempts": 1})
    csr = running.csr()
    for template in ALL_TEMPLATES:
        if template in PROVISIONING:
            continue
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            client.issue_certificate(**order(running, csr, template))
        error = refused.value.response["Error"]
        assert error["Code"] == "AccessDeniedException", template
        assert "acm-pca:IssueCertificate" in error["Message"] and "identity-based policy" in error["Message"], template
    for template in sorted(PROVISIONING):
        assert client.issue_certificate(**order(running, csr, template))["CertificateArn"]


def test_an_auditor_reads_and_changes_nothing(running):
    client = running.boto("auditor", retries={"max_attempts": 1})
    authority = {"CertificateAuthorityArn": running.ca_arn}
    assert client.describe_certificate_authority(**authority)["CertificateAuthority"]["Status"] == "ACTIVE"
    for call in (lambda: client.issue_certificate(**order(running, running.csr(), "EndEntityCertificate")),
                 lambda: client.update_certificate_authority(Status="DISABLED", **authority),
                 lambda: client.delete_certificate_authority(**authority),
                 lambda: client.tag_certificate_authority(Tags=[{"Key": "team", "Value": "red"}], **authority),
                 lambda: client.create_permission(Principal="acm.amazonaws.com", Actions=["IssueCertificate"], **authority),
                 lambda: client.revoke_certificate(CertificateSerial="01", RevocationReason="SUPERSEDED", **authority)):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        assert "with an explicit deny in an identity-based policy: policy auditor.json, statement ChangesNothing" in str(refused.value)
    assert client.describe_certificate_authority(**authority)["CertificateAuthority"]["Status"] == "ACTIVE"
