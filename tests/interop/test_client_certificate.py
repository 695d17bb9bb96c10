"""Callers that TLS proves: a listed certificate, a device with the certificate that it got from us, and strangers."""
import json
import subprocess

import pytest

from tests.support.running import Running

ISSUE = {"SigningAlgorithm": "SHA256WITHECDSA", "Validity": {"Value": 1, "Type": "DAYS"}}


class Person:
    """Certificate and key of a client, in files as curl takes them."""

    def __init__(self, folder, name):
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}-key.pem"

    def made_by(self, authority):
        name = self.certificate.stem
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-CA", authority.certificate, "-CAkey", authority.key, "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", "extendedKeyUsage=clientAuth", "-keyout", self.key, "-out", self.certificate)
        return self

    def fingerprint(self):
        return openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256").strip().split("=")[1].replace(":", "").lower()


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def authority(folder, name):
    made = Person(folder, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", made.key, "-out", made.certificate)
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    running = Running(tmp_path_factory.mktemp("chancery"))
    running.people = authority(folder, "people-ca")
    running.line = Person(folder, "line-7").made_by(running.people)
    running.visitor = Person(folder, "visitor").made_by(running.people)
    running.stranger = Person(folder, "stranger").made_by(authority(folder, "unknown-ca"))
    running.quickstart("stop")
    (running.folder / "clients.pem").write_text(running.people.certificate.read_text() + "\n" +
                                                (running.folder / "ceremony/root.pem").read_text())
    config = running.folder / "chancery.yaml"
    config.write_text(config.read_text().replace("tls/server-key.pem\n", "tls/server-key.pem\n      client_ca: clients.pem\n"))
    with open(running.folder / "principals.yaml", "a", encoding="utf-8") as principals:
        principals.write(f"""
  - name: line
    account: "123456789012"
    certificates: ["{running.line.fingerprint()}"]
    policies: [policies/provisioner.json]
  - name: devices
    account: "123456789012"
    device_principal: true
    policies: [policies/provisioner.json]
""")
    running.start()
    yield running
    running.quickstart("stop")


def provision(world, person, device, csr):
    status, body = world.curl_with_certificate(
        "/provision", person.certificate, person.key, "-H", "Content-Type: application/json", "--data-binary",
        json.dumps({"device_id": device, "csr": csr}))
    return status, json.loads(body) if status else body


def new_device(world, folder, name):
    """A device whose first certificate a listed client asks for."""
    device = Person(folder, name)
    csr = world.csr(f"/CN={name}", keyout=device.key)
    status, answer = provision(world, world.line, name, csr)
    assert status == 200, answer
    world.verify(answer["certificate"], answer["chain"])
    device.certificate.write_text(answer["certificate"] + "\n" + answer["chain"] + "\n")
    device.serial = answer["serial"]
    return device


def test_a_listed_certificate_stands_for_its_principal(world, tmp_path):
    new_device(world, tmp_path, "SN-100")


def test_a_device_renews_itself_with_the_certificate_that_it_has(world, tmp_path):
    device = new_device(world, tmp_path, "SN-200")
    renewed = Person(tmp_path, "SN-200-renewed")
    status, answer = provision(world, device, "SN-200", world.csr("/CN=SN-200", keyout=renewed.key))
    assert status == 200, answer
    assert answer["serial"] != device.serial
    renewed.certificate.write_text(answer["certificate"] + "\n" + answer["chain"] + "\n")
    status, answer = provision(world, renewed, "SN-200", world.csr("/CN=SN-200"))
    assert status == 200, answer


def test_a_device_speaks_for_itself_only(world, tmp_path):
    """I11: neither for its neighbour, nor through the API where no names are checked."""
    device = new_device(world, tmp_path, "SN-300")
    neighbour = new_device(world, tmp_path, "SN-301")
    status, problem = provision(world, device, "SN-301", world.csr("/CN=SN-301"))
    assert status == 403 and problem["detail"] == "this device certificate may ask for device 'SN-300' only"
    status, problem = provision(world, device, "SN-300", world.csr("/CN=SN-301"))
    assert status == 403 and problem["code"] == "name_not_permitted", problem
    status, body = world.curl_with_certificate("/provision/" + neighbour.serial.replace(":", ""), device.certificate, device.key)
    assert status == 404, body
    for operation, more in [("IssueCertificate", {**ISSUE, "Csr": "eA=="}), ("DescribeCertificateAuthority", {})]:
        status, body = world.curl_with_certificate(
            "/", device.certificate, device.key, "-H", "Content-Type: application/x-amz-json-1.1", "-H",
            f"X-Amz-Target: ACMPrivateCA.{operation}", "--data-binary",
            json.dumps({"CertificateAuthorityArn": world.ca_arn, **more}))
        assert status == 400 and json.loads(body)["__type"].endswith("AccessDeniedException"), body
        assert "POST /provision" in body


def test_a_revoked_device_is_nobody(world, tmp_path):
    device = new_device(world, tmp_path, "SN-400")
    world.aws("revoke-certificate", "--certificate-authority-arn", world.ca_arn, "--certificate-serial", device.serial,
              "--revocation-reason", "KEY_COMPROMISE")
    status, problem = provision(world, device, "SN-400", world.csr("/CN=SN-400"))
    assert status == 401 and problem["code"] == "unrecognized_client", problem
    assert "certificate" in problem["detail"]


def test_a_verified_certificate_that_nobody_lists_is_nobody(world):
    status, problem = provision(world, world.visitor, "SN-500", world.csr("/CN=SN-500"))
    assert status == 401 and problem["title"] == "The caller's identity is not proved", problem
    assert problem["detail"] == "The client certificate does not belong to a principal or a known device."


def test_a_server_certificate_of_the_same_authority_is_no_device(world, tmp_path):
    """Issued through the API to no device: it proves its name, not a device."""
    server = Person(tmp_path, "SN-600")
    csr = tmp_path / "server.csr"
    csr.write_text(world.csr("/CN=SN-600", keyout=server.key))
    arn = json.loads(world.aws("issue-certificate", "--certificate-authority-arn", world.ca_arn, "--csr", f"fileb://{csr}",
                               "--signing-algorithm", "SHA256WITHECDSA", "--validity", "Value=1,Type=DAYS").stdout)["CertificateArn"]
    got = json.loads(world.aws("get-certificate", "--certificate-authority-arn", world.ca_arn, "--certificate-arn", arn).stdout)
    server.certificate.write_text(got["Certificate"] + "\n" + got["CertificateChain"] + "\n")
    status, problem = provision(world, server, "SN-600", world.csr("/CN=SN-600"))
    assert status == 401, problem


def test_a_certificate_of_an_unknown_authority_ends_the_connection(world):
    status, words = provision(world, world.stranger, "SN-700", world.csr("/CN=SN-700"))
    assert status is None and "unknown ca" in words, words
    assert world.ready()


def test_without_a_certificate_the_caller_signs_as_before(world):
    status, body = world.curl("/provision", "-H", "Content-Type: application/json", "--data-binary",
                              json.dumps({"device_id": "SN-800", "csr": world.csr("/CN=SN-800")}))
    assert status == 200, body
