"""Debian's aws command line, unmodified."""
import json
import subprocess


def test_a_certificate_from_request_to_verified_chain(running, tmp_path):
    csr = tmp_path / "request.csr"
    csr.write_text(running.csr(extra=("-addext", "subjectAltName=DNS:client.example")))
    issued = running.aws("issue-certificate", "--certificate-authority-arn", running.ca_arn, "--csr", f"fileb://{csr}",
                         "--signing-algorithm", "SHA256WITHECDSA", "--validity", "Value=30,Type=DAYS",
                         "--idempotency-token", "1234")
    arn = json.loads(issued.stdout)["CertificateArn"]
    running.aws("wait", "certificate-issued", "--certificate-authority-arn", running.ca_arn, "--certificate-arn", arn)
    got = json.loads(running.aws("get-certificate", "--certificate-authority-arn", running.ca_arn, "--certificate-arn",
                                 arn).stdout)
    assert not got["Certificate"].endswith("\n") and not got["CertificateChain"].endswith("\n")
    running.verify(got["Certificate"], got["CertificateChain"])
    serial = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=got["Certificate"], text=True,
                            capture_output=True, check=True).stdout.strip().split("=")[1]
    assert arn.rsplit("/", 1)[1] == serial.lower().zfill(32)
    running.aws("revoke-certificate", "--certificate-authority-arn", running.ca_arn, "--certificate-serial", serial,
                "--revocation-reason", "SUPERSEDED")
    again = running.aws("revoke-certificate", "--certificate-authority-arn", running.ca_arn, "--certificate-serial", serial,
                        "--revocation-reason", "SUPERSEDED", check=False)
    assert "RequestAlreadyProcessedException" in again.stderr


def test_a_root_is_bootstrapped_inside_the_daemon(running, tmp_path):
    configuration = json.dumps({"KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA",
                                "Subject": {"Country": "US", "Organization": "Example Corp", "CommonName": "Root R"}})
    arn = json.loads(running.aws("create-certificate-authority", "--certificate-authority-type", "ROOT",
                                 "--certificate-authority-configuration", configuration).stdout)["CertificateAuthorityArn"]
    running.aws("wait", "certificate-authority-csr-created", "--certificate-authority-arn", arn)
    csr = tmp_path / "root.csr"
    csr.write_text(running.aws("get-certificate-authority-csr", "--certificate-authority-arn", arn, "--output", "text").stdout)
    issued = json.loads(running.aws("issue-certificate", "--certificate-authority-arn", arn, "--csr", f"fileb://{csr}",
                                    "--signing-algorithm", "SHA256WITHRSA", "--validity", "Value=10,Type=YEARS",
                                    "--template-arn", "arn:aws:acm-pca:::template/RootCACertificate/V1").stdout)
    running.aws("wait", "certificate-issued", "--certificate-authority-arn", arn, "--certificate-arn",
                issued["CertificateArn"])
    got = json.loads(running.aws("get-certificate", "--certificate-authority-arn", arn, "--certificate-arn",
                                 issued["CertificateArn"]).stdout)
    assert "CertificateChain" not in got
    pem = tmp_path / "root.pem"
    pem.write_text(got["Certificate"])
    running.aws("import-certificate-authority-certificate", "--certificate-authority-arn", arn, "--certificate",
                f"fileb://{pem}")
    described = json.loads(running.aws("describe-certificate-authority", "--certificate-authority-arn", arn).stdout)
    assert described["CertificateAuthority"]["Status"] == "ACTIVE"
    assert described["CertificateAuthority"]["RevocationConfiguration"] == {
        "CrlConfiguration": {"Enabled": False}, "OcspConfiguration": {"Enabled": False}}
    back = json.loads(running.aws("get-certificate-authority-certificate", "--certificate-authority-arn", arn).stdout)
    assert back["Certificate"] == got["Certificate"] and "CertificateChain" not in back


def test_the_provisioning_role_cannot_have_a_ca_certificate(running, tmp_path):
    csr = tmp_path / "request.csr"
    csr.write_text(running.csr())
    for template in ["RootCACertificate"] + [f"SubordinateCACertificate_PathLen{n}" for n in range(4)]:
        refused = running.aws("issue-certificate", "--certificate-authority-arn", running.subordinate_arn, "--csr",
                              f"fileb://{csr}", "--signing-algorithm", "SHA256WITHECDSA", "--validity", "Value=1,Type=DAYS",
                              "--template-arn", f"arn:aws:acm-pca:::template/{template}/V1", profile="provisioner", check=False)
        assert "AccessDeniedException" in refused.stderr, refused.stderr


def test_the_auditor_reads_and_changes_nothing(running):
    assert json.loads(running.aws("list-certificate-authorities", profile="auditor").stdout)["CertificateAuthorities"]
    refused = running.aws("update-certificate-authority", "--certificate-authority-arn", running.ca_arn, "--status",
                          "DISABLED", profile="auditor", check=False)
    assert "AccessDeniedException" in refused.stderr
