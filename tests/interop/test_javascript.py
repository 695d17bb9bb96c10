"""AWS's SDK for JavaScript: operations, waiters, paginators and errors as an application uses them."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SDK = Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/js/node_modules"

pytestmark = pytest.mark.skipif(not (SDK.exists() and shutil.which("node")),
                                reason="optional: no SDK for JavaScript; scripts/peers gets it where npm is installed")


@pytest.fixture(scope="module")
def seen(running):
    csr = running.folder / "js.csr"
    csr.write_text(running.csr())
    environment = {**running.environment, "NODE_PATH": str(SDK), "NODE_EXTRA_CA_CERTS": running.bundle,
                   "AWS_REGION": running.environment["AWS_DEFAULT_REGION"]}
    done = subprocess.run(["node", Path(__file__).parent / "clients/sdk.cjs", running.ca_arn, csr], env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_certificate_is_issued_waited_for_and_verified(running, seen):
    assert seen["status"] == "ACTIVE" and seen["createdAt"] is True
    running.verify(seen["certificate"], seen["chain"])
    text = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=seen["certificate"], text=True,
                          capture_output=True, check=True).stdout
    assert "DNS:js.example" in text
    assert seen["same"] is True


def test_an_authority_is_created_and_waited_for(running, seen):
    subject = subprocess.run(["openssl", "req", "-noout", "-verify", "-subject"], input=seen["csr"], text=True,
                             capture_output=True, check=True).stdout
    assert "From JavaScript" in subject
    assert {running.ca_arn, running.subordinate_arn, seen["created"]} <= set(seen["arns"])
    assert seen["tags"] == [{"Key": "made-by", "Value": "js"}]


def test_errors_have_the_names_that_applications_match(seen):
    assert seen["malformed"]["name"] == "MalformedCSRException" and seen["malformed"]["status"] == 400
    assert seen["missing"]["name"] == "ResourceNotFoundException"
    assert seen["missing"]["id"] and "Could not find" in seen["missing"]["message"]
