"""Debian's boto3 and aws, as the SDKs find out who they are and take roles: AWS STS in its own protocol."""
import base64
import json
import subprocess

import boto3
import botocore.config
import botocore.exceptions
import pytest

from tests.support.running import AWS

ACCOUNT, OTHER = "123456789012", "210987654321"
ISSUER = f"arn:aws:iam::{ACCOUNT}:role/issuer"


def client_of(running, service, *, key, secret, token=None):
    return boto3.client(service, endpoint_url=running.endpoint, verify=running.bundle, aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token,
                        region_name=running.environment["AWS_DEFAULT_REGION"],
                        config=botocore.config.Config(retries={"max_attempts": 1}))


def sts_of(running, profile="admin"):
    key, secret = running.credentials(profile)
    return client_of(running, "sts", key=key, secret=secret)


def as_session(running, credentials, service="acm-pca"):
    return client_of(running, service, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
                     token=credentials["SessionToken"])


def error_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    return raised.value.response["Error"]


def policy(folder, name, *statements):
    (folder / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return name


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal, **more):
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


@pytest.fixture(scope="module")
def roles(running):
    """issuer: the provisioner may take it, and whoever of the other account knows the external id; reader: the issuer's sessions may."""
    folder = running.folder
    document = (folder / "principals.yaml").read_text()
    folder.joinpath("outsider.secret").write_text("outsider's own secret key\n")
    folder.joinpath("outsider.secret").chmod(0o600)
    policy(folder, "issuer.json", allow("acm-pca:IssueCertificate", Condition={
        "StringEquals": {"acm-pca:TemplateArn": "arn:aws:acm-pca:::template/EndEntityCertificate/V1"}}),
        allow("acm-pca:Describe*"), allow("sts:AssumeRole"))
    policy(folder, "outsider.json", allow("sts:AssumeRole", ISSUER))
    policy(folder, "issuer-trust.json", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/provisioner"}),
           trust({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "shared word"}}))
    policy(folder, "reader.json", allow("acm-pca:List*"))
    policy(folder, "reader-trust.json", trust({"AWS": ISSUER}))
    document = document.replace("accounts:", f'accounts:\n  - id: "{OTHER}"', 1)
    (folder / "principals.yaml").write_text(document + f"""
  - name: outsider
    account: "{OTHER}"
    access_keys: [{{id: OUTSIDERKEY000000001, secret_file: outsider.secret}}]
    policies: [outsider.json]
roles:
  - {{name: issuer, account: "{ACCOUNT}", trust: issuer-trust.json, policies: [issuer.json], max_session: 2h}}
  - {{name: reader, account: "{ACCOUNT}", trust: reader-trust.json, policies: [reader.json]}}
""")
    running.reload()
    return running


def test_a_client_learns_who_it_is(running):
    identity = sts_of(running, "provisioner").get_caller_identity()
    assert identity["Account"] == ACCOUNT and identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/provisioner"
    assert identity["UserId"].startswith("AIDA")
    done = subprocess.run([AWS, "sts", "get-caller-identity", "--endpoint-url", running.endpoint, "--profile", "auditor",
                           "--output", "text", "--query", "Arn"], env=running.environment, capture_output=True, text=True)
    assert done.stdout.strip() == f"arn:aws:iam::{ACCOUNT}:user/auditor", done.stderr


def test_a_wrong_key_and_a_wrong_service_are_refused_by_name(running):
    key, secret = running.credentials("admin")
    assert error_of(client_of(running, "sts", key="AKIANOBODY0000000000", secret=secret).get_caller_identity)["Code"] == \
        "InvalidClientTokenId"
    assert error_of(client_of(running, "sts", key=key, secret=secret[:-1]).get_caller_identity)["Code"] == "SignatureDoesNotMatch"
    assert error_of(sts_of(running).get_session_token)["Code"] == "InvalidAction"
    # A signature for one service is none for the other.
    done = subprocess.run(["curl", "-sS", "--config", "-", "--cacert", running.bundle, "--aws-sigv4", "aws:amz:us-east-1:acm-pca",
                           "-d", "Action=GetCallerIdentity&Version=2011-06-15", running.endpoint + "/"],
                          input=f'user = "{key}:{secret}"\n', capture_output=True, text=True)
    assert "<Code>SignatureDoesNotMatch</Code>" in done.stdout, done.stdout


def test_a_session_does_what_the_role_may_and_nothing_else(roles):
    assumed = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="nightly", DurationSeconds=900)
    assert assumed["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/issuer/nightly"
    session = assumed["Credentials"]
    assert session["AccessKeyId"].startswith("ASIA")
    assert as_session(roles, session, "sts").get_caller_identity()["Arn"] == assumed["AssumedRoleUser"]["Arn"]
    client = as_session(roles, session)
    order = {"CertificateAuthorityArn": roles.ca_arn, "Csr": roles.csr(), "SigningAlgorithm": "SHA256WITHECDSA",
             "Validity": {"Value": 1, "Type": "DAYS"}}
    assert client.issue_certificate(**order)["CertificateArn"]
    ca = "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
    refused = error_of(lambda: client.issue_certificate(**order, TemplateArn=ca))
    assert refused["Code"] == "AccessDeniedException" and assumed["AssumedRoleUser"]["Arn"] in refused["Message"]
    # What its user may do beside it, the session may not.
    authority = {"CertificateAuthorityArn": roles.ca_arn}
    assert roles.boto("provisioner").get_certificate_authority_certificate(**authority)
    assert error_of(lambda: client.get_certificate_authority_certificate(**authority))["Code"] == "AccessDeniedException"


def test_an_auditor_cannot_take_a_role_that_changes_things(roles):
    """Its own policy says no, whatever the role trusts."""
    policy(roles.folder, "reader-trust.json", trust({"AWS": ISSUER}), trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/auditor"}))
    roles.reload()
    refused = error_of(lambda: sts_of(roles, "auditor").assume_role(RoleArn=ISSUER.replace("issuer", "reader"), RoleSessionName="me"))
    assert refused["Code"] == "AccessDenied" and "ChangesNothing" in refused["Message"]


def test_a_session_policy_only_takes_away(roles):
    narrow = json.dumps({"Version": "2012-10-17", "Statement": [allow("acm-pca:Describe*"), allow("acm-pca:List*")]})
    session = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="narrow", Policy=narrow)["Credentials"]
    client = as_session(roles, session)
    assert client.describe_certificate_authority(CertificateAuthorityArn=roles.ca_arn)
    assert error_of(lambda: client.issue_certificate(CertificateAuthorityArn=roles.ca_arn, Csr=roles.csr(),
                                                     SigningAlgorithm="SHA256WITHECDSA",
                                                     Validity={"Value": 1, "Type": "DAYS"}))["Code"] == "AccessDeniedException"
    assert error_of(client.list_certificate_authorities)["Code"] == "AccessDeniedException"  # the role may not either
    broken = error_of(lambda: sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="narrow", Policy="{}"))
    assert broken["Code"] == "MalformedPolicyDocument"


def test_who_is_not_trusted_gets_nothing_and_learns_nothing(roles):
    """The administrator's own policies allow everything; the role does not trust it, and says the same as one that is not there."""
    absent = ISSUER.replace("issuer", "nobody")
    answers = [error_of(lambda arn=arn: sts_of(roles, "admin").assume_role(RoleArn=arn, RoleSessionName="me"))
               for arn in (ISSUER, absent)]
    assert [answer["Code"] for answer in answers] == ["AccessDenied", "AccessDenied"]
    assert answers[0]["Message"] == answers[1]["Message"].replace("nobody", "issuer")


def test_another_account_needs_the_external_id(roles):
    outsider = client_of(roles, "sts", key="OUTSIDERKEY000000001", secret="outsider's own secret key")
    for wrong in ({}, {"ExternalId": "guess"}):
        assert error_of(lambda wrong=wrong: outsider.assume_role(RoleArn=ISSUER, RoleSessionName="visit", **wrong))["Code"] == "AccessDenied"
    session = outsider.assume_role(RoleArn=ISSUER, RoleSessionName="visit", ExternalId="shared word")["Credentials"]
    assert as_session(roles, session).describe_certificate_authority(CertificateAuthorityArn=roles.ca_arn)


def test_a_session_can_take_the_next_role_for_an_hour(roles):
    reader = ISSUER.replace("issuer", "reader")
    first = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="first")["Credentials"]
    second = as_session(roles, first, "sts").assume_role(RoleArn=reader, RoleSessionName="second")["Credentials"]
    assert as_session(roles, second).list_certificate_authorities()["CertificateAuthorities"]
    long = error_of(lambda: as_session(roles, first, "sts").assume_role(RoleArn=reader, RoleSessionName="x2", DurationSeconds=7200))
    assert long["Code"] == "ValidationError" and "chaining" in long["Message"]


def test_parameters_have_the_bounds_of_the_api(roles):
    client = sts_of(roles, "provisioner")
    good = {"RoleArn": ISSUER, "RoleSessionName": "bounds"}
    for wrong, word in [({"RoleSessionName": "a b"}, "pattern"), ({"DurationSeconds": 7201}, "MaxSessionDuration"),
                        ({"DurationSeconds": 43201}, "between 900 and 43200"), ({"RoleArn": "arn:aws:iam::123456789012:user/admin"}, "invalid"),
                        ({"Tags": [{"Key": "a", "Value": "b"}]}, "not supported"), ({"SerialNumber": "123456789"}, "not supported")]:
        refused = error_of(lambda wrong=wrong: client.assume_role(**{**good, **wrong}))
        assert refused["Code"] == "ValidationError" and word in refused["Message"], (wrong, refused)


def test_a_token_is_good_for_nothing_once_it_was_changed(roles):
    session = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="mine")["Credentials"]
    token = base64.b64decode(session["SessionToken"])
    forged = [token[:-1], token[:32] + token[32:].replace(b"issuer", b"reader"), token[32:], bytes([token[0] ^ 1]) + token[1:], b""]
    for bad in forged:
        changed = {**session, "SessionToken": base64.b64encode(bad).decode() or "="}
        refused = error_of(as_session(roles, changed).list_certificate_authorities)
        assert refused["Code"] == "UnrecognizedClientException", refused
    # The keys without their token, and with another session's.
    other = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="other")["Credentials"]
    for mixed in ({**session, "SessionToken": None}, {**session, "SessionToken": other["SessionToken"]}):
        assert error_of(as_session(roles, mixed).list_certificate_authorities)["Code"] == "UnrecognizedClientException"


def test_a_role_that_is_gone_ends_its_sessions(roles):
    session = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="ends")["Credentials"]
    file = roles.folder / "principals.yaml"
    kept = file.read_text()
    file.write_text(kept.replace("name: issuer,", "name: former,"))
    roles.reload()
    try:
        refused = error_of(lambda: as_session(roles, session).describe_certificate_authority(CertificateAuthorityArn=roles.ca_arn))
        assert refused["Code"] == "UnrecognizedClientException"
    finally:
        file.write_text(kept)
        roles.reload()
    assert as_session(roles, session).describe_certificate_authority(CertificateAuthorityArn=roles.ca_arn)


def test_with_a_session_key_sessions_outlive_the_daemon(roles):
    key = roles.folder / "session.key"
    key.write_text("0123456789abcdef0123456789abcdef\n")
    key.chmod(0o600)
    file = roles.folder / "principals.yaml"
    file.write_text("session_key_file: session.key\n" + file.read_text())
    roles.reload()
    session = sts_of(roles, "provisioner").assume_role(RoleArn=ISSUER, RoleSessionName="lasting")["Credentials"]
    roles.quickstart("stop")
    roles.start()
    assert as_session(roles, session).describe_certificate_authority(CertificateAuthorityArn=roles.ca_arn)
    log = (roles.folder / "log/chanceryd.log").read_text()
    assert session["SessionToken"] not in log and session["SecretAccessKey"] not in log  # I18
