"""Debian's boto3: errors by name, states, pages, bad input."""
import datetime
import subprocess

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
    arn = client.issue_certificate(**order)["CertificateArn"]
    client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=order["CertificateAuthorityArn"], CertificateArn=arn)
    return arn


@pytest.fixture(scope="module")
def client(running):
    return running.boto(retries={"max_attempts": 1})


def test_validity_has_aws_arithmetic(running, client):
    csr = running.csr()
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    arn = issue(client, running, csr)
    after = datetime.datetime.now(datetime.timezone.utc)
    pem = client.get_certificate(CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)["Certificate"]
    dates = subprocess.run(["openssl", "x509", "-noout", "-dates", "-dateopt", "iso_8601"], input=pem, text=True,
                           capture_output=True, check=True).stdout
    values = dict(line.split("=") for line in dates.split("\n") if line)
    start = datetime.datetime.fromisoformat(values["notBefore"].replace("Z", "+00:00"))
    end = datetime.datetime.fromisoformat(values["notAfter"].replace("Z", "+00:00"))
    assert end - start == datetime.timedelta(days=1, hours=1)
    assert before <= start + datetime.timedelta(hours=1) <= after


def test_the_same_token_gives_the_same_certificate(running, client):
    csr = running.csr()
    first = issue(client, running, csr, IdempotencyToken="tok")
    assert issue(client, running, csr, IdempotencyToken="tok") == first
    assert error_of(lambda: issue(client, running, running.csr(), IdempotencyToken="tok"))["Code"] == "InvalidArgsException"


def read_back(running, client, arn):
    pem = client.get_certificate(CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)["Certificate"]
    return subprocess.run(["openssl", "x509", "-noout", "-text", "-nameopt", "RFC2253"], input=pem, text=True,
                          capture_output=True, check=True).stdout


def test_what_the_api_passes_is_in_the_certificate(running, client):
    template = "arn:aws:acm-pca:::template/BlankEndEntityCertificate_APIPassthrough/V1"
    passed = {
        "Subject": {"Country": "US", "CommonName": "passed", "SerialNumber": "7"},
        "Extensions": {
            "KeyUsage": {"DigitalSignature": True, "KeyAgreement": True},
            "ExtendedKeyUsage": [{"ExtendedKeyUsageType": "CLIENT_AUTH"},
                                 {"ExtendedKeyUsageObjectIdentifier": "1.3.6.1.4.1.99999.4"}],
            "SubjectAlternativeNames": [{"DnsName": "passed.example"}, {"IpAddress": "2001:db8::7"},
                                        {"DirectoryName": {"CommonName": "elsewhere"}}],
            "CertificatePolicies": [{"CertPolicyId": "1.3.6.1.4.1.99999.5", "PolicyQualifiers": [
                {"PolicyQualifierId": "CPS", "Qualifier": {"CpsUri": "https://example.com/cps"}}]}],
            "CustomExtensions": [{"ObjectIdentifier": "1.3.6.1.4.1.99999.6", "Value": "DAZjdXN0b20=", "Critical": True},
                                 {"ObjectIdentifier": "2.5.29.19", "Value": "MAYBAf8CAQk=", "Critical": True}]}}
    csr = running.csr(extra=("-addext", "subjectAltName=DNS:asked.example"))
    text = read_back(running, client, issue(client, running, csr, TemplateArn=template, ApiPassthrough=passed))
    assert "Subject: serialNumber=7,CN=passed,C=US" in text
    for part in ("Key Usage: critical\n                Digital Signature, Key Agreement\n",
                 "TLS Web Client Authentication, 1.3.6.1.4.1.99999.4", "DNS:passed.example, IP Address:2001:DB8:0:0:0:0:0:7",
                 "DirName:", "elsewhere", "CPS: https://example.com/cps", "1.3.6.1.4.1.99999.6: critical", "CA:FALSE"):
        assert part in text, text
    assert "asked.example" not in text and "pathlen" not in text
    # Without the passthrough in its name a template ignores it, as with AWS.
    text = read_back(running, client, issue(client, running, csr, ApiPassthrough=passed))
    assert "passed" not in text and "asked.example" in text
    passed["Extensions"]["KeyUsage"] = {"KeyCertSign": True}
    answer = error_of(lambda: issue(client, running, csr, TemplateArn=template, ApiPassthrough=passed))
    assert answer["Code"] == "InvalidArgsException" and "keyCertSign" in answer["Message"]


def test_what_the_csr_asks_passes_by_a_csr_template_only(running, client):
    asked = ("-addext", "subjectAltName=DNS:asked.example", "-addext", "keyUsage=digitalSignature",
             "-addext", "extendedKeyUsage=emailProtection", "-addext", "1.3.6.1.4.1.99999.7=ASN1:UTF8String:asked",
             "-addext", "basicConstraints=critical,CA:TRUE,pathlen:9")
    csr = running.csr(extra=asked)
    template = "arn:aws:acm-pca:::template/BlankEndEntityCertificate_CSRPassthrough/V1"
    text = read_back(running, client, issue(client, running, csr, TemplateArn=template))
    assert "E-mail Protection" in text and "1.3.6.1.4.1.99999.7:" in text and "DNS:asked.example" in text
    assert "CA:FALSE" in text and "Key Usage: critical" not in text and "Certificate Sign" not in text
    text = read_back(running, client, issue(client, running, csr))
    assert "1.3.6.1.4.1.99999.7" not in text and "E-mail Protection" not in text and "CA:FALSE" in text


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
