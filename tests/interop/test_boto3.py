"""Debian's boto3: errors by name, states, pages, bad input."""
import datetime

import botocore.exceptions
import pytest

LEAF = "arn:aws:acm-pca:::template/EndEntityCertificate/V1"


def error_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    return raised.value.response["Error"]


def issue(client, running, csr, **more):
    order = {"CertificateAuthorityArn": running.ca_arn, "Csr": csr, "SigningAlgorithm": "SHA256WITHECDSA",
             "Validity": {"Value": 1, "Type": "DAYS"}, "TemplateArn": LEAF, **more}
    return client.issue_certificate(**order)["CertificateArn"]


@pytest.fixture(scope="module")
def client(running):
    return running.boto(retries={"max_attempts": 1})


def test_validity_has_aws_arithmetic(running, client):
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    arn = issue(client, running, running.csr())
    pem = client.get_certificate(CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)["Certificate"]
    import subprocess
    dates = subprocess.run(["openssl", "x509", "-noout", "-dates", "-dateopt", "iso_8601"], input=pem, text=True,
                           capture_output=True, check=True).stdout
    values = dict(line.split("=") for line in dates.split("\n") if line)
    start = datetime.datetime.fromisoformat(values["notBefore"].replace("Z", "+00:00"))
    end = datetime.datetime.fromisoformat(values["notAfter"].replace("Z", "+00:00"))
    assert end - start == datetime.timedelta(days=1, hours=1)
    assert abs((start - (before - datetime.timedelta(hours=1))).total_seconds()) < 10


def test_the_same_token_gives_the_same_certificate(running, client):
    csr = running.csr()
    first = issue(client, running, csr, IdempotencyToken="tok")
    assert issue(client, running, csr, IdempotencyToken="tok") == first
    assert error_of(lambda: issue(client, running, running.csr(), IdempotencyToken="tok"))["Code"] == "InvalidArgsException"


def test_weak_and_broken_requests_are_refused(running, client):
    weak = running.csr(key=("rsa:1024",))
    answer = error_of(lambda: issue(client, running, weak))
    assert answer["Code"] == "MalformedCSRException" and "2048" in answer["Message"]
    good = running.csr()
    assert error_of(lambda: issue(client, running, good + good))["Code"] == "MalformedCSRException"
    lines = good.split("\n")
    lines[-4] = lines[-4][:10] + ("A" if lines[-4][10] != "A" else "B") + lines[-4][11:]
    assert error_of(lambda: issue(client, running, "\n".join(lines)))["Code"] == "MalformedCSRException"


def test_a_hundred_and_fifty_names_are_still_issued(running, client):
    names = ",".join(f"DNS:n{number}.example" for number in range(150))
    issue(client, running, running.csr(extra=("-addext", f"subjectAltName={names}")))


def test_a_foreign_or_unknown_authority_does_not_exist(running, client):
    unknown = running.ca_arn[:-4] + "0000"
    assert error_of(lambda: client.describe_certificate_authority(CertificateAuthorityArn=unknown))["Code"] == \
        "ResourceNotFoundException"
    # Of another account nobody learns what exists (I15): what is not shared and what is not there have the same words.
    foreign = running.ca_arn.replace(":123456789012:", ":210987654321:")
    answer = error_of(lambda: client.describe_certificate_authority(CertificateAuthorityArn=foreign))
    assert answer["Code"] == "AccessDeniedException" and "no resource-based policy allows" in answer["Message"]


def test_templates_and_validity_are_checked(running, client):
    csr = running.csr()
    assert error_of(lambda: issue(client, running, csr, TemplateArn="arn:aws:acm-pca:::template/InvalidTemplateName/V1"))[
        "Code"] == "InvalidArgsException"
    answer = error_of(lambda: issue(client, running, csr, Validity={"Value": 99, "Type": "YEARS"}))
    assert answer == {"Code": "ValidationException",
                      "Message": "The certificate validity specified exceeds the certificate authority validity"}
    assert error_of(lambda: issue(client, running, csr, SigningAlgorithm="SHA256WITHRSA"))["Code"] == "InvalidArgsException"
    assert error_of(lambda: issue(client, running, csr, SigningAlgorithm="NONSENSE"))["Code"] == "ValidationException"


def test_a_disabled_authority_does_not_issue(running, client):
    client.update_certificate_authority(CertificateAuthorityArn=running.ca_arn, Status="DISABLED")
    try:
        answer = error_of(lambda: issue(client, running, running.csr()))
        assert answer["Code"] == "InvalidStateException"
        assert "The certificate authority is not in a valid state for issuing certificates" in answer["Message"]
    finally:
        client.update_certificate_authority(CertificateAuthorityArn=running.ca_arn, Status="ACTIVE")
    issue(client, running, running.csr())


def test_authorities_are_listed_in_pages(running, client):
    pages = list(client.get_paginator("list_certificate_authorities").paginate(PaginationConfig={"PageSize": 1}))
    arns = [authority["Arn"] for page in pages for authority in page["CertificateAuthorities"]]
    assert {running.ca_arn, running.subordinate_arn} <= set(arns) and len(arns) == len(set(arns))


def test_wrong_secrets_and_unknown_keys_are_refused(running):
    import boto3
    key, secret = running.credentials("admin")
    for access_key, secret_key, code in [(key, secret[:-1] + ("0" if secret[-1] != "0" else "1"), "InvalidSignatureException"),
                                         ("AKIDUNKNOWN", secret, "UnrecognizedClientException")]:
        stranger = boto3.client("acm-pca", endpoint_url=running.endpoint, verify=running.bundle, region_name="us-east-1",
                                aws_access_key_id=access_key, aws_secret_access_key=secret_key)
        assert error_of(stranger.list_certificate_authorities)["Code"] == code
