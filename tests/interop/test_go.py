"""AWS's SDK for Go, used as Terraform's provider and cert-manager's aws-privateca-issuer use it: only the endpoint is another."""
import json
import os
import subprocess
from pathlib import Path

import pytest

CLIENT = Path(os.environ["CHANCERY_BUILD_DIR"]) / "peers/go-sdk/client"
ACCOUNT, OTHER = "123456789012", "210987654321"

pytestmark = pytest.mark.skipif(not CLIENT.exists(), reason="optional: no SDK for Go; scripts/peers builds it where Go is installed")


def run(running, *arguments, **more):
    """What the client saw. AWS_ENDPOINT_URL_ACM_PCA and AWS_CA_BUNDLE are in the environment of every test, nothing else of ours is."""
    environment = {**running.environment, "AWS_REGION": running.environment["AWS_DEFAULT_REGION"], "AWS_PROFILE": "admin",
                   "AWS_EC2_METADATA_DISABLED": "true", **more}
    done = subprocess.run([CLIENT, *arguments], env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["cbor", "json"])
def protocol(request):
    """What acmpca 1.57 speaks by itself, and what releases before it spoke."""
    return request.param


@pytest.fixture(scope="module")
def terraform(running, protocol):
    return run(running, "terraform", "reports", CLIENT_PROTOCOL=protocol)


@pytest.fixture(scope="module")
def issuer(running, protocol):
    return run(running, "issuer", running.ca_arn, AWS_ENDPOINT_URL_STS=running.endpoint, CLIENT_PROTOCOL=protocol)


@pytest.fixture(scope="module")
def errors(running, protocol):
    return run(running, "errors", running.ca_arn, CLIENT_PROTOCOL=protocol)


def text_of(certificate, *options):
    return subprocess.run(["openssl", "x509", "-noout", *options], input=certificate, text=True, capture_output=True, check=True).stdout


def extensions(certificate, names):
    return " ".join(text_of(certificate, "-ext", names).split())


# -- Terraform

def test_terraform_reads_back_what_it_created(terraform):
    root, lower = terraform["root_pending"], terraform["lower_pending"]
    for state, kind in ((root, "ROOT"), (lower, "SUBORDINATE")):
        assert state["arn"] is True and state["status"] == "PENDING_CERTIFICATE" and state["type"] == kind
        assert state["usage"] == "GENERAL_PURPOSE" and state["standard"] == "FIPS_140_2_LEVEL_3_OR_HIGHER"
        assert state["organization"] == "Example" and state["tags"] == {"team": "red", "stage": "test"}
        assert state["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
        assert state["no_certificate"]["type"] == "*types.InvalidStateException"
    active = terraform["lower_active"]
    assert active["status"] == terraform["root_active"]["status"] == "ACTIVE" and active["serial"].isdigit() and active["dated"] is True


@pytest.mark.parametrize("change", ["default", "created", "updated", "off", "ocsp"])
def test_a_plan_after_a_revocation_configuration_is_empty(terraform, change):
    assert terraform[f"{change}_diff"] == {}


def test_a_certificate_that_terraform_imports_is_read_back_byte_by_byte(terraform):
    assert terraform["root_same"] is True and terraform["lower_same"] is True
    assert terraform["root_chain_absent"] is True and terraform["root_active"]["chain"] == ""
    assert terraform["lower_active"]["chain"] == terraform["root_active"]["certificate"]


def test_a_certificate_names_the_crl_and_the_responder_that_terraform_configured(terraform, tmp_path):
    leaf = terraform["leaf"]
    assert "URI:http://crl.example.com/crl/" in extensions(leaf, "crlDistributionPoints")
    assert "OCSP - URI:http://ocsp.example.com" in extensions(leaf, "authorityInfoAccess")
    for name, text in (("root", terraform["root_active"]["certificate"]), ("chain", terraform["leaf_chain"]), ("leaf", leaf)):
        (tmp_path / name).write_text(text + "\n")
    done = subprocess.run(["openssl", "verify", "-CAfile", tmp_path / "root", "-untrusted", tmp_path / "chain", tmp_path / "leaf"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_tags_change_by_key(terraform):
    assert terraform["tags"] == {"team": "blue"}


def test_destroying_is_undone_by_restoring(terraform):
    assert terraform["disabled"] == "DISABLED"
    assert terraform["deleted"] == {"status": "DELETED", "restorable": True}
    assert terraform["restored"] == "DISABLED"


@pytest.mark.parametrize("what, name, text", [
    ("self_signed", "InvalidRequestException", "Self-signed certificate can not be revoked"),
    ("revoked_again", "RequestAlreadyProcessedException", ""),
    ("issue_disabled", "InvalidStateException", "The certificate authority is not in a valid state for issuing certificates"),
    ("deleted_permissions", "InvalidStateException", "is in the DELETED state"),
    ("pending_update", "InvalidStateException", "The certificate authority must be in the ACTIVE or DISABLED state to be updated"),
])
def test_terraform_finds_the_type_and_the_words_that_it_tolerates(terraform, what, name, text):
    error = terraform[what]
    assert error["type"] == f"*types.{name}" and error["code"] == name
    assert text in error["message"]


def test_permissions_and_policies_come_and_go(running, protocol):
    seen = run(running, "sharing", running.subordinate_arn, OTHER, CLIENT_PROTOCOL=protocol)
    assert seen["granted_again"]["type"] == "*types.PermissionAlreadyExistsException"
    permission = seen["permission"]
    assert permission.pop("policy") is not None
    assert sorted(permission.pop("actions")) == ["GetCertificate", "IssueCertificate", "ListPermissions"]
    assert permission == {"authority": True, "principal": "acm.amazonaws.com", "account": OTHER, "created": True}
    assert seen["left"] == 0
    assert seen["no_policy"]["type"] == seen["policy_gone"]["type"] == "*types.ResourceNotFoundException"
    assert json.loads(seen["policy"]) == json.loads(seen["policy_sent"])


# -- cert-manager

def test_cert_manager_gets_what_its_request_says(running, issuer):
    assert issuer["caller"].endswith(":user/admin")
    usual = issuer["usual"]["crt"]
    assert "Key Usage: critical Digital Signature, Key Encipherment" in extensions(usual, "keyUsage")
    assert "Extended Key Usage" not in text_of(usual, "-text")
    assert "Alternative Name: critical DNS:app.example, DNS:app.namespace.svc" in extensions(usual, "subjectAltName")
    purposes = issuer["purposes"]["crt"]
    assert extensions(purposes, "keyUsage").endswith("critical Digital Signature")
    assert extensions(purposes, "extendedKeyUsage").endswith("TLS Web Server Authentication, TLS Web Client Authentication")


@pytest.mark.parametrize("template", ["usual", "purposes", "client", "server", "both"])
def test_the_secret_of_cert_manager_is_a_chain_to_the_root(running, issuer, template):
    secret = issuer[template]
    assert secret["ca"].strip() == Path(running.root_pem).read_text().strip()
    leaf, _, rest = secret["crt"].partition("-----END CERTIFICATE-----\n")
    running.verify(leaf + "-----END CERTIFICATE-----\n", rest)


def test_a_request_of_the_same_name_gets_the_same_certificate_and_another_key_none(issuer):
    assert issuer["again"] == issuer["usual"]["arn"]
    assert issuer["other_key"]["type"] == "*types.InvalidArgsException"
    assert issuer["no_template"]["type"] == "*types.InvalidArgsException"


# -- errors and retries

@pytest.mark.parametrize("what, kind, code, text", [
    ("missing", "*types.ResourceNotFoundException", "ResourceNotFoundException", "Could not find"),
    ("arn", "*types.InvalidArnException", "InvalidArnException", ""),
    ("csr", "*types.MalformedCSRException", "MalformedCSRException", ""),
    ("wrong", "*types.InvalidArgsException", "InvalidArgsException", ""),
    ("certificate", "*types.ResourceNotFoundException", "ResourceNotFoundException", ""),
    ("long", "*smithy.GenericAPIError", "ValidationException", "exceeds the certificate authority validity"),
    ("bucket", "*smithy.GenericAPIError", "ValidationException", "Check your S3 bucket permissions and try again"),
])
def test_an_error_of_the_model_is_found_by_its_type(errors, what, kind, code, text):
    assert errors[what]["type"] == kind and errors[what]["code"] == code
    assert text in errors[what]["message"]
    assert errors["missing_is_typed"] is True


@pytest.fixture
def frugal(running):
    """The daemon while a principal may do two requests a second."""
    file = running.folder / "chancery.yaml"
    before = file.read_text()

    def start_with(text):
        running.quickstart("stop")
        file.write_text(text)
        running.start()

    start_with(before + "\nlimits: {requests_per_second: 2, request_burst: 2}\n")
    yield running
    start_with(before)


def test_throttling_is_retried_until_every_answer_is_there(frugal, protocol):
    seen = run(frugal, "throttled", frugal.ca_arn, AWS_MAX_ATTEMPTS="20", CLIENT_PROTOCOL=protocol)
    assert len(seen["attempts"]) == 6 and max(seen["attempts"]) > 1
    assert seen["refused"]["code"] == "ThrottlingException"
