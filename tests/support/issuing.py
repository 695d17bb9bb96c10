"""Authorities of a running Chancery that issue below another one, and their next keys."""
import json
import os
import subprocess

from tests.support.templates import arn as template


def authority(running, verb, arn, *arguments, profile="admin"):
    """What `chancery authority` did."""
    return subprocess.run([os.environ["CHANCERY"], "authority", verb, "--authority", arn, "--profile", profile, *map(str, arguments)],
                          env=running.environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def certified(running, csr):
    """(certificate, chain) in PEM from the authority above those that issue here."""
    client, parent = running.boto(), running.subordinate_arn
    arn = client.issue_certificate(CertificateAuthorityArn=parent, Csr=csr, SigningAlgorithm="SHA256WITHECDSA",
                                   TemplateArn=template("SubordinateCACertificate_PathLen0"), Validity={"Value": 300, "Type": "DAYS"})["CertificateArn"]
    client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=parent, CertificateArn=arn)
    pair = client.get_certificate(CertificateAuthorityArn=parent, CertificateArn=arn)
    return pair["Certificate"], pair["CertificateChain"]


def import_certificate(running, arn, pair):
    certificate, chain = pair
    running.boto().import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=certificate.encode(),
                                                            CertificateChain=chain.encode())


def configure(running, arn, **crl):
    """OCSP, and CRLs of that configuration; sent as newer SDKs do: Debian 12's boto3 does not know all members."""
    body = {"CertificateAuthorityArn": arn, "RevocationConfiguration": {
        "CrlConfiguration": {"Enabled": True, "ExpirationInDays": 7, **crl}, "OcspConfiguration": {"Enabled": True}}}
    status, answer = running.curl("/", "-H", "X-Amz-Target: ACMPrivateCA.UpdateCertificateAuthority", "-H",
                                  "Content-Type: application/x-amz-json-1.1", "-d", json.dumps(body), profile="admin")
    assert status == 200, answer


def new_issuing(running, name, certify=certified, **crl):
    """The ARN of another one, whose first key has what `certify` makes of its CSR."""
    client = running.boto()
    arn = client.create_certificate_authority(CertificateAuthorityType="SUBORDINATE", CertificateAuthorityConfiguration={
        "KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": name}})["CertificateAuthorityArn"]
    client.get_waiter("certificate_authority_csr_created").wait(CertificateAuthorityArn=arn)
    csr = client.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"]
    import_certificate(running, arn, certify(running, csr.encode()))
    configure(running, arn, **crl)
    return arn


def next_key(running, arn, csr, certify=certified):
    """The authority issues with its next key from now on; the CSR is in that file."""
    done = authority(running, "prepare-key", arn, "--csr", csr, "--output", "json")
    assert done.returncode == 0, done.stderr
    import_certificate(running, arn, certify(running, csr.read_bytes()))
    done = authority(running, "activate-key", arn, "--number", json.loads(done.stdout)[0]["number"])
    assert done.returncode == 0, done.stderr
