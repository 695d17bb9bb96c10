"""AWS's SDK for Java: an authority's life with waiters, paginators and error types; only endpoint and trust store are others."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SDK = Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/java-sdk"

pytestmark = pytest.mark.skipif(not ((SDK / "version").exists() and shutil.which("java")),
                                reason="optional: no SDK for Java; scripts/peers gets it where Maven and a JDK are installed")


@pytest.fixture(scope="module")
def seen(running):
    store = running.folder / "java.p12"
    subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "chancery", "-file", running.bundle, "-keystore", store, "-storetype",
                    "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
    csr = running.folder / "java.csr"
    csr.write_text(running.csr())
    environment = {**running.environment, "AWS_REGION": running.environment["AWS_DEFAULT_REGION"], "AWS_PROFILE": "admin"}
    done = subprocess.run(["java", f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit", "-cp",
                           f"{SDK}/classes:{SDK}/lib/*", "Client", "reports", csr], env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def text_of(certificate, *options):
    return subprocess.run(["openssl", "x509", "-noout", *options], input=certificate, text=True, capture_output=True, check=True).stdout


def test_an_authority_is_created_waited_for_and_read_back(seen):
    assert seen["created_again"] is True and seen["listed"] is True
    assert seen["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert seen["status"] == "ACTIVE" and seen["dated"] is True and seen["same"] is True
    assert seen["root_chain"] is None
    assert seen["tags"] == {"made-by": "java", "team": "red"}


def test_a_revocation_configuration_comes_back_with_every_member(seen):
    assert seen["crl_kept"] is True, seen["crl"]
    assert seen["ocsp"] is True
    assert "/java/crls/" in text_of(seen["leaf"], "-ext", "crlDistributionPoints")
    assert "OCSP - URI:http://" in text_of(seen["leaf"], "-ext", "authorityInfoAccess")


def test_a_certificate_is_what_the_passthrough_asks_for(seen, tmp_path):
    leaf = seen["leaf"]
    assert "java.example" in text_of(leaf, "-subject") and "Example" in text_of(leaf, "-subject")
    assert "DNS:java.example, IP Address:192.0.2.7" in text_of(leaf, "-ext", "subjectAltName")
    assert "TLS Web Client Authentication" in text_of(leaf, "-ext", "extendedKeyUsage")
    for name in ("root", "leaf"):
        (tmp_path / name).write_text(seen[name] + "\n")
    done = subprocess.run(["openssl", "verify", "-CAfile", tmp_path / "root", tmp_path / "leaf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert seen["chain"] == seen["root"]


def test_an_audit_report_is_waited_for_and_lists_the_revocation(running, seen):
    assert seen["report"] == "SUCCESS" and seen["report_dated"] is True
    report = json.loads((running.folder / "reports" / seen["report_key"]).read_text())
    entry = next(entry for entry in report if entry["serial"].replace(":", "") == seen["serial"])
    assert entry["revocationReason"] == "SUPERSEDED"


@pytest.mark.parametrize("what, kind, code, text", [
    ("missing", "ResourceNotFoundException", "ResourceNotFoundException", "Could not find"),
    ("no_policy", "ResourceNotFoundException", "ResourceNotFoundException", ""),
    ("csr_none", "MalformedCsrException", "MalformedCSRException", ""),
    ("template", "InvalidArgsException", "InvalidArgsException", ""),
    ("too_long", "AcmPcaException", "ValidationException", "exceeds the certificate authority validity"),
    ("delete_active", "InvalidStateException", "InvalidStateException", ""),
    ("self_signed", "InvalidRequestException", "InvalidRequestException", "Self-signed certificate can not be revoked"),
    ("revoked_again", "RequestAlreadyProcessedException", "RequestAlreadyProcessedException", ""),
    ("report_again", "RequestInProgressException", "RequestInProgressException", ""),
])
def test_errors_are_of_the_classes_that_applications_catch(seen, what, kind, code, text):
    found, error, message, has_request_id = seen[what]
    assert (found, error) == (kind, code) and text in message and has_request_id is True


def test_a_deleted_authority_is_restored(seen):
    assert (seen["deleted"], seen["restorable"], seen["restored"]) == ("DELETED", True, "DISABLED")
