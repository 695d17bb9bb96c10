"""A new key for an authority that goes on issuing, as an operator makes it and as relying parties see it."""
import json
import os
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from tests.support.templates import arn as template


def run(*arguments, **more):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)


def authority(running, verb, *arguments, arn=None, profile="admin"):
    return run(os.environ["CHANCERY"], "authority", verb, "--authority", arn or running.ca_arn, "--profile", profile, *arguments,
               env=running.environment)


def keys(running):
    done = authority(running, "keys", "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states(running):
    return {key["number"]: key["state"] for key in keys(running)}


def fetch(running, path):
    with urllib.request.urlopen(running.environment["CHANCERY_STATUS"] + path, timeout=10) as answer:
        return answer.read()


def is_there(running, path):
    try:
        return bool(fetch(running, path))
    except urllib.error.HTTPError:
        return False


class Relying:
    """What somebody holds who trusts the root and gets the rest from where certificates point."""

    def __init__(self, running, folder):
        self.running, self.folder, self.client = running, folder, running.boto()
        self.id = running.ca_arn.rpartition("/")[2]
        chain = self.client.get_certificate_authority_certificate(CertificateAuthorityArn=running.ca_arn)["CertificateChain"]
        self.root = folder / "root.pem"
        self.root.write_text(chain[chain.rindex("-----BEGIN"):] + "\n")

    def pem(self, path, name):
        file = self.folder / name
        file.write_bytes(fetch(self.running, path))
        done = run("openssl", "x509", "-inform", "DER", "-in", file, "-out", file.with_suffix(".pem"))
        assert done.returncode == 0, done.stderr
        return file.with_suffix(".pem")

    def issue(self, name):
        arn = self.client.issue_certificate(CertificateAuthorityArn=self.running.ca_arn, Csr=self.running.csr(f"/CN={name}"),
                                            SigningAlgorithm="SHA256WITHECDSA", Validity={"Value": 30, "Type": "DAYS"})["CertificateArn"]
        self.client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=self.running.ca_arn, CertificateArn=arn)
        return Leaf(self, name, arn)


class Leaf:
    def __init__(self, relying, name, arn):
        self.relying, self.arn = relying, arn
        pair = relying.client.get_certificate(CertificateAuthorityArn=relying.running.ca_arn, CertificateArn=arn)
        self.pem, self.chain = relying.folder / f"{name}.pem", relying.folder / f"{name}.chain.pem"
        self.pem.write_text(pair["Certificate"] + "\n")
        self.chain.write_text(pair["CertificateChain"] + "\n")
        text = run("openssl", "x509", "-in", self.pem, "-noout", "-text").stdout
        self.uris = [line.strip().rpartition("URI:")[2] for line in text.splitlines() if "URI:" in line]

    def path(self, suffix):
        return next("/" + uri.split("/", 3)[3] for uri in self.uris if uri.endswith(suffix))

    def issuer(self):
        """The issuer's certificate from the place that the certificate names."""
        return self.relying.pem(self.path(".cer"), f"issuer-of-{self.pem.stem}.cer")

    def crl(self):
        file = self.pem.with_suffix(".crl.pem")
        der = self.pem.with_suffix(".crl")
        der.write_bytes(fetch(self.relying.running, self.path(".crl")))
        done = run("openssl", "crl", "-inform", "DER", "-in", der, "-CAfile", self.issuer(), "-out", file)
        assert done.returncode == 0 and "verify OK" in done.stderr, done.stderr
        return file

    def openssl_says(self):
        done = run("openssl", "verify", "-crl_check", "-CAfile", self.relying.root, "-untrusted", self.chain, "-CRLfile", self.crl(), self.pem)
        return done.stdout + done.stderr

    def ocsp_says(self):
        issuer = self.issuer()
        done = run("openssl", "ocsp", "-issuer", issuer, "-cert", self.pem, "-url", self.relying.running.environment["CHANCERY_STATUS"] + "/ocsp",
                   "-CAfile", self.relying.root, "-verify_other", self.chain)
        return done.stdout + done.stderr

    def is_good(self):
        says = self.ocsp_says()
        return "Response verify OK" in says and f"{self.pem}: good" in says

    def is_revoked(self):
        says = self.ocsp_says()
        return "Response verify OK" in says and f"{self.pem}: revoked" in says


@pytest.fixture(scope="module")
def relying(running, tmp_path_factory):
    running.quickstart("stop")
    file = running.folder / "chancery.yaml"
    file.write_text(file.read_text() + "\nrevocation: {ca_issuers: true, crl_delay: 1s}\n")
    running.start()
    running.boto().update_certificate_authority(
        CertificateAuthorityArn=running.ca_arn,
        RevocationConfiguration={"CrlConfiguration": {"Enabled": True, "ExpirationInDays": 7}, "OcspConfiguration": {"Enabled": True}})
    return Relying(running, tmp_path_factory.mktemp("relying"))


def certified(running, csr):
    client, parent = running.boto(), running.subordinate_arn
    arn = client.issue_certificate(CertificateAuthorityArn=parent, Csr=csr, SigningAlgorithm="SHA256WITHECDSA",
                                   TemplateArn=template("SubordinateCACertificate_PathLen0"), Validity={"Value": 300, "Type": "DAYS"})["CertificateArn"]
    client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=parent, CertificateArn=arn)
    return client.get_certificate(CertificateAuthorityArn=parent, CertificateArn=arn)


def test_an_authority_changes_its_key_while_clients_issue_and_relying_parties_notice_nothing(running, relying, tmp_path):
    before = relying.issue("before.example")
    running.wait_for(before.is_good, "OCSP of the first key")

    csr = tmp_path / "next.csr"
    done = authority(running, "prepare-key", "--csr", csr)
    assert done.returncode == 0 and "PREPARED" in done.stdout, done.stderr
    checked = run("openssl", "req", "-in", csr, "-noout", "-verify", "-subject")
    assert checked.returncode == 0, checked.stderr
    assert states(running) == {1: "ACTIVE", 2: "PREPARED"}
    again = tmp_path / "again.csr"
    assert authority(running, "prepare-key", "--csr", again).returncode == 0 and again.read_bytes() == csr.read_bytes()
    refused = authority(running, "activate-key", "--number", 2)
    assert refused.returncode == 1 and "not imported yet" in refused.stderr and "as they were" in refused.stderr

    pair = certified(running, csr.read_bytes())
    relying.client.import_certificate_authority_certificate(
        CertificateAuthorityArn=running.ca_arn, Certificate=pair["Certificate"].encode(), CertificateChain=pair["CertificateChain"].encode())
    assert states(running) == {1: "ACTIVE", 2: "PUBLISHED"}
    published = relying.pem(f"/ca/{relying.id}-2.cer", "published.cer")
    assert run("openssl", "verify", "-CAfile", relying.root, "-untrusted", before.chain, published).returncode == 0
    running.wait_for(lambda: is_there(running, f"/crl/{relying.id}-2.crl"), "the next key's first CRL")

    errors, issued, stop = [], [], threading.Event()

    def client():
        mine = running.boto()
        while not stop.is_set():
            try:
                issued.append(mine.issue_certificate(CertificateAuthorityArn=running.ca_arn, Csr=before_csr, SigningAlgorithm="SHA256WITHECDSA",
                                                     Validity={"Value": 30, "Type": "DAYS"})["CertificateArn"])
            except Exception as error:  # every one is a client that noticed
                errors.append(error)

    before_csr = running.csr("/CN=busy.example")
    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    running.wait_for(lambda: len(issued) >= 20, "certificates of the first key")
    done = authority(running, "activate-key", "--number", 2)
    at = len(issued)
    running.wait_for(lambda: len(issued) >= at + 20, "certificates of the second key")
    stop.set()
    for thread in threads:
        thread.join()
    assert done.returncode == 0 and "ACTIVE" in done.stdout, done.stderr
    assert errors == []
    assert states(running) == {1: "RETIRED", 2: "ACTIVE"}

    after = relying.issue("after.example")
    for leaf in (before, after):
        assert run("openssl", "verify", "-CAfile", relying.root, "-untrusted", leaf.chain, leaf.pem).returncode == 0
        assert leaf.openssl_says().endswith(": OK\n")
        running.wait_for(leaf.is_good, "OCSP of each key")
    assert before.issuer().read_bytes() != after.issuer().read_bytes() == published.read_bytes()
    assert after.path(".crl") == f"/crl/{relying.id}-2.crl"

    # The same after a crash.
    running.kill()
    running.start()
    assert states(running) == {1: "RETIRED", 2: "ACTIVE"}
    for leaf in (before, after):
        relying.client.revoke_certificate(CertificateAuthorityArn=running.ca_arn, CertificateSerial=leaf.arn.rpartition("/")[2],
                                          RevocationReason="KEY_COMPROMISE")
        running.wait_for(leaf.is_revoked, "OCSP to say revoked")
        running.wait_for(lambda: "certificate revoked" in leaf.openssl_says(), "the CRL of each key")

    back = authority(running, "activate-key", "--number", 1)
    assert back.returncode == 0 and states(running) == {1: "ACTIVE", 2: "RETIRED"}


def test_a_key_that_is_not_wanted_is_discarded_and_only_then(running, relying):
    number = json.loads(authority(running, "prepare-key", "--output", "json").stdout)[0]["number"]
    assert states(running)[number] == "PREPARED"
    for wrong in (1, 2):
        refused = authority(running, "discard-key", "--number", wrong)
        assert refused.returncode == 1 and "refused: " in refused.stderr, refused.stderr
    done = authority(running, "discard-key", "--number", number)
    assert done.returncode == 0 and number not in states(running), done.stderr
    for refused in (authority(running, "discard-key", "--number", number), authority(running, "activate-key", "--number", number)):
        assert refused.returncode == 1 and f"has no key {number}" in refused.stderr


def test_others_are_refused(running, relying):
    for verb, more in (("keys", ()), ("prepare-key", ()), ("activate-key", ("--number", 2)), ("discard-key", ("--number", 2))):
        refused = authority(running, verb, *more, profile="provisioner")
        assert refused.returncode == 1 and "access_denied" in refused.stderr, (verb, refused.stderr)
    assert authority(running, "keys", profile="auditor").returncode == 0
    assert "access_denied" in authority(running, "prepare-key", profile="auditor").stderr
    nowhere = authority(running, "keys", arn=running.ca_arn[:-12] + "000000000000")
    assert nowhere.returncode == 1 and "Could not find" in nowhere.stderr
    assert authority(running, "activate-key", "--number", "x").returncode == 2
    status, body = running.curl("/authority-keys?colour=red", profile="admin")
    assert status == 400 and json.loads(body)["code"] == "constraint_violation"
