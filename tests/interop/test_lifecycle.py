"""Debian's boto3: what a team does around issuing: tags, grants, sharing between accounts, deletion and its undoing."""
import json

import botocore.exceptions
import pytest

from tests.support.templates import arn as template

ACCOUNT, OTHER = "123456789012", "210987654321"
CONFIGURATION = {"KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": "Lifecycle"}}


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def client(running):
    return running.boto(retries={"max_attempts": 1})


@pytest.fixture
def authority(client):
    """A new one in PENDING_CERTIFICATE, as the keyword that most operations take."""
    made = client.create_certificate_authority(CertificateAuthorityType="SUBORDINATE", Tags=[{"Key": "team", "Value": "red"}],
                                               CertificateAuthorityConfiguration=CONFIGURATION)
    named = {"CertificateAuthorityArn": made["CertificateAuthorityArn"]}
    client.get_waiter("certificate_authority_csr_created").wait(**named, WaiterConfig={"Delay": 1})
    return named


@pytest.fixture(scope="module")
def stranger(running):
    """A client of another account that may do everything there."""
    folder = running.folder
    secret = folder / "credentials/stranger.secret"
    secret.write_text("the secret key of the other account\n")
    secret.chmod(0o600)
    (folder / "credentials/stranger.id").write_text("STRANGERKEY000000001\n")
    (folder / "stranger.json").write_text(json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "acm-pca:*", "Resource": "*"}]}))
    principals = (folder / "principals.yaml").read_text().replace("accounts:", f'accounts:\n  - id: "{OTHER}"', 1)
    (folder / "principals.yaml").write_text(principals + f"""
  - name: stranger
    account: "{OTHER}"
    access_keys: [{{id: STRANGERKEY000000001, secret_file: credentials/stranger.secret}}]
    policies: [stranger.json]
""")
    running.reload()
    return running.boto("stranger", retries={"max_attempts": 1})


def tags_of(client, authority):
    pages = client.get_paginator("list_tags").paginate(**authority, PaginationConfig={"PageSize": 1})
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def test_tags(client, authority):
    assert tags_of(client, authority) == {"team": "red"}
    client.tag_certificate_authority(**authority, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "env", "Value": ""}])
    assert tags_of(client, authority) == {"team": "blue", "env": ""}
    client.untag_certificate_authority(**authority, Tags=[{"Key": "team", "Value": "red"}])  # another value: stays
    client.untag_certificate_authority(**authority, Tags=[{"Key": "env"}])
    assert tags_of(client, authority) == {"team": "blue"}
    assert error_of(client.tag_certificate_authority, **authority, Tags=[{"Key": "aws:x", "Value": "y"}])[0] == "InvalidTagException"
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    assert error_of(client.tag_certificate_authority, **authority, Tags=many)[0] == "TooManyTagsException"
    assert tags_of(client, authority) == {"team": "blue"}


def test_permissions(client, authority):
    grant = {**authority, "Principal": "acm.amazonaws.com", "Actions": ["IssueCertificate", "GetCertificate", "ListPermissions"]}
    assert client.list_permissions(**authority)["Permissions"] == []
    client.create_permission(**grant)
    assert error_of(client.create_permission, **grant)[0] == "PermissionAlreadyExistsException"
    permission, = client.list_permissions(**authority)["Permissions"]
    assert permission["Principal"] == "acm.amazonaws.com" and permission["SourceAccount"] == ACCOUNT
    assert permission["Actions"] == grant["Actions"] and permission["CreatedAt"].year >= 2026
    assert json.loads(permission["Policy"])["Version"] == "2012-10-17"
    client.delete_permission(**authority, Principal="acm.amazonaws.com")
    assert client.list_permissions(**authority)["Permissions"] == []


def share(authority_arn, templates):
    """The form that AWS documents, Sid "1" twice and all."""
    principal = {"AWS": OTHER}
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "1", "Effect": "Allow", "Principal": principal, "Resource": authority_arn,
         "Action": ["acm-pca:DescribeCertificateAuthority", "acm-pca:GetCertificate",
                    "acm-pca:GetCertificateAuthorityCertificate", "acm-pca:ListPermissions", "acm-pca:ListTags"]},
        {"Sid": "1", "Effect": "Allow", "Principal": principal, "Resource": authority_arn, "Action": ["acm-pca:IssueCertificate"],
         "Condition": {"StringEquals": {"acm-pca:TemplateArn": templates}}}]})


def test_an_authority_is_shared_with_another_account_and_taken_back(running, client, stranger):
    """[I15] Both sides must allow it; before and after, the authority does not exist for the stranger."""
    own = {"CertificateAuthorityArn": running.ca_arn}
    listed = {"ResourceOwner": "OTHER_ACCOUNTS"}
    order = {**own, "Csr": running.csr(), "SigningAlgorithm": "SHA256WITHECDSA", "Validity": {"Value": 1, "Type": "DAYS"}}
    unknown = running.ca_arn[:-12] + "0" * 12
    before = error_of(stranger.describe_certificate_authority, **own)
    assert before == tuple(part.replace(unknown, running.ca_arn)
                           for part in error_of(stranger.describe_certificate_authority, CertificateAuthorityArn=unknown))
    assert stranger.list_certificate_authorities(**listed)["CertificateAuthorities"] == []
    assert error_of(client.get_policy, ResourceArn=running.ca_arn)[0] == "ResourceNotFoundException"

    policy = share(running.ca_arn, template("EndEntityCertificate"))
    client.put_policy(ResourceArn=running.ca_arn, Policy=policy)
    assert json.loads(client.get_policy(ResourceArn=running.ca_arn)["Policy"]) == json.loads(policy)
    assert [one["Arn"] for one in stranger.list_certificate_authorities(**listed)["CertificateAuthorities"]] == [running.ca_arn]
    assert stranger.list_certificate_authorities()["CertificateAuthorities"] == []
    arn = stranger.issue_certificate(**order)["CertificateArn"]
    stranger.get_waiter("certificate_issued").wait(**own, CertificateArn=arn, WaiterConfig={"Delay": 1})
    got = stranger.get_certificate(**own, CertificateArn=arn)
    running.verify(got["Certificate"], got["CertificateChain"])
    assert error_of(stranger.issue_certificate, **order, TemplateArn=template("EndEntityServerAuthCertificate"))[0] == "AccessDeniedException"
    assert error_of(stranger.revoke_certificate, **own, CertificateSerial=arn.rsplit("/", 1)[1], RevocationReason="SUPERSEDED")[0] == "AccessDeniedException"
    assert error_of(stranger.delete_policy, ResourceArn=running.ca_arn)[0] == "AccessDeniedException"

    client.delete_policy(ResourceArn=running.ca_arn)
    client.delete_policy(ResourceArn=running.ca_arn)  # nothing to delete is no error
    assert error_of(stranger.describe_certificate_authority, **own) == before
    assert error_of(stranger.issue_certificate, **order)[0] == "AccessDeniedException"


def test_a_policy_that_is_none_is_refused(running, client):
    for policy, word in [("{", "JSON"), (share(running.ca_arn, template("EndEntityCertificate")).replace("acm-pca:TemplateArn", "acm-pca:Template"), "acm-pca:Template"),
                         (share(running.ca_arn, template("EndEntytyCertificate")), "matches no certificate template"),
                         (json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "acm-pca:*", "Resource": "*"}]}), "Principal")]:
        code, message = error_of(client.put_policy, ResourceArn=running.ca_arn, Policy=policy)
        assert code == "InvalidPolicyException" and word in message, (policy, message)


def test_deletion_and_its_undoing(running, client, authority):
    status = lambda: client.describe_certificate_authority(**authority)["CertificateAuthority"]  # noqa: E731
    assert error_of(client.restore_certificate_authority, **authority)[0] == "InvalidStateException"
    careless = running.boto(retries={"max_attempts": 1}, parameter_validation=False)  # boto3 knows the bounds as well
    for days in (6, 31):
        assert error_of(careless.delete_certificate_authority, **authority, PermanentDeletionTimeInDays=days)[0] == "ValidationException"
    client.delete_certificate_authority(**authority, PermanentDeletionTimeInDays=7)
    deleted = status()
    assert deleted["Status"] == "DELETED" and 6 <= (deleted["RestorableUntil"] - deleted["LastStateChangeAt"]).days <= 7
    code, message = error_of(client.list_permissions, **authority)
    assert code == "InvalidStateException" and "The certificate authority is in the DELETED state" in message
    assert error_of(client.delete_certificate_authority, **authority)[0] == "InvalidStateException"
    client.restore_certificate_authority(**authority)
    restored = status()
    assert restored["Status"] == "PENDING_CERTIFICATE" and "RestorableUntil" not in restored
    assert tags_of(client, authority) == {"team": "red"}


def test_an_active_authority_is_disabled_before_it_is_deleted(running, client):
    own = {"CertificateAuthorityArn": running.ca_arn}
    assert error_of(client.delete_certificate_authority, **own)[0] == "InvalidStateException"
    client.update_certificate_authority(**own, Status="DISABLED")
    code, message = error_of(client.issue_certificate, **own, Csr=running.csr(), SigningAlgorithm="SHA256WITHECDSA",
                             Validity={"Value": 1, "Type": "DAYS"})
    assert code == "InvalidStateException" and "not in a valid state for issuing certificates" in message
    client.delete_certificate_authority(**own)
    client.restore_certificate_authority(**own)
    assert client.describe_certificate_authority(**own)["CertificateAuthority"]["Status"] == "DISABLED"
    client.update_certificate_authority(**own, Status="ACTIVE")


def authorities_of(client):
    pages = client.get_paginator("list_certificate_authorities").paginate()
    return {one["Arn"] for page in pages for one in page["CertificateAuthorities"]}


@pytest.mark.parametrize("key, signature", [
    ("ML_DSA_44", "ML_DSA_44"), ("ML_DSA_65", "ML_DSA_65"), ("ML_DSA_87", "ML_DSA_87"), ("SM2", "SM3WITHSM2"),
    ("EC_prime256v1", "SM3WITHSM2"), ("EC_prime256v1", "ML_DSA_65"), ("SM2", "SHA256WITHECDSA"),
])
def test_algorithms_that_no_token_has_are_refused_and_nothing_is_made(client, key, signature):
    before = authorities_of(client)
    code, message = error_of(client.create_certificate_authority, CertificateAuthorityType="ROOT", CertificateAuthorityConfiguration={
        **CONFIGURATION, "KeyAlgorithm": key, "SigningAlgorithm": signature})
    assert code == "InvalidArgsException" and (key in message or signature in message)
    assert authorities_of(client) == before


@pytest.mark.parametrize("signature", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "SM3WITHSM2"])
def test_nothing_is_issued_with_an_algorithm_that_no_token_has(running, client, signature):
    code, message = error_of(client.issue_certificate, CertificateAuthorityArn=running.ca_arn, Csr=running.csr().encode(),
                             SigningAlgorithm=signature, Validity={"Value": 1, "Type": "DAYS"})
    assert code == "InvalidArgsException" and signature in message
