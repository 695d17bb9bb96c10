"""A new key for an authority that goes on issuing, as an operator makes it and as relying parties see it."""
import json
import os
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from tests.support import issuing
from tests.support.issuing import certified, import_certificate, new_issuing, next_key
from tests.support.running import SOURCE


def run(*arguments, **more):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)


def authority(running, verb, *arguments, arn=None, profile="admin"):
    return issuing.authority(running, verb, arn or running.ca_arn, *arguments, profile=profile)


def keys(running, arn=None):
    done = authority(running, "keys", "--output", "json", arn=arn)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states(running, arn=None):
    return {key["number"]: key["state"] for key in keys(running, arn)}


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

    def __init__(self, running, folder, arn=None):
        self.running, self.folder, self.client, self.arn = running, folder, running.boto(), arn or running.ca_arn
        self.id = self.arn.rpartition("/")[2]
        chain = self.client.get_certificate_authority_certificate(CertificateAuthorityArn=self.arn)["CertificateChain"]
        self.root = folder / "root.pem"
        self.root.write_text(chain[chain.rindex("-----BEGIN"):] + "\n")

    def pem(self, path, name):
        file = self.folder / name
        file.write_bytes(fetch(self.running, path))
        done = run("openssl", "x509", "-inform", "DER", "-in", file, "-out", file.with_suffix(".pem"))
        assert done.returncode == 0, done.stderr
        return file.with_suffix(".pem")

    def issue(self, name):
        arn = self.client.issue_certificate(CertificateAuthorityArn=self.arn, Csr=self.running.csr(f"/CN={name}"),
                                            SigningAlgorithm="SHA256WITHECDSA", Validity={"Value": 30, "Type": "DAYS"})["CertificateArn"]
        self.client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=self.arn, CertificateArn=arn)
        return Leaf(self, name, arn)


class Leaf:
    def __init__(self, relying, name, arn):
        self.relying, self.arn = relying, arn
        self.pem, self.chain = relying.folder / f"{name}.pem", relying.folder / f"{name}.chain.pem"
        self.get()
        text = run("openssl", "x509", "-in", self.pem, "-noout", "-text").stdout
        self.uris = [line.strip().rpartition("URI:")[2] for line in text.splitlines() if "URI:" in line]

    def get(self):
        """As the daemon gives it now."""
        pair = self.relying.client.get_certificate(CertificateAuthorityArn=self.relying.arn, CertificateArn=self.arn)
        self.pem.write_text(pair["Certificate"] + "\n")
        self.chain.write_text(pair["CertificateChain"] + "\n")

    def path(self, suffix):
        return next("/" + uri.split("/", 3)[3] for uri in self.uris if uri.endswith(suffix))

    def issuer(self):
        """The issuer's certificate from the place that the certificate names."""
        return self.relying.pem(self.path(".cer"), f"issuer-of-{self.pem.stem}.cer")

    def revoke(self):
        self.relying.client.revoke_certificate(CertificateAuthorityArn=self.relying.arn, CertificateSerial=self.arn.rpartition("/")[2],
                                               RevocationReason="KEY_COMPROMISE")

    def crl(self):
        file = self.pem.with_suffix(".crl.pem")
        der = self.pem.with_suffix(".crl")
        der.write_bytes(fetch(self.relying.running, self.path(".crl")))
        done = run("openssl", "crl", "-inform", "DER", "-in", der, "-CAfile", self.issuer(), "-out", file)
        assert done.returncode == 0 and "verify OK" in done.stderr, done.stderr
        return file

    def openssl_says(self, crl=None):
        done = run("openssl", "verify", "-crl_check", "-CAfile", self.relying.root, "-untrusted", self.chain, "-CRLfile", crl or self.crl(),
                   self.pem)
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
    issuing.configure(running, running.ca_arn)
    return Relying(running, tmp_path_factory.mktemp("relying"))


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

    import_certificate(running, running.ca_arn, certified(running, csr.read_bytes()))
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
    assert done.stderr.startswith("warning: the certificate of key 2 ends at ") and "before that of key 1" in done.stderr
    assert errors == []
    assert states(running) == {1: "RETIRED", 2: "ACTIVE"}

    after = relying.issue("after.example")
    for leaf in (before, after):
        leaf.get()
        assert run("openssl", "verify", "-CAfile", relying.root, "-untrusted", leaf.chain, leaf.pem).returncode == 0
        running.wait_for(lambda: is_there(running, leaf.path(".crl")), "the CRL of each key")
        assert leaf.openssl_says().endswith(": OK\n")
        running.wait_for(leaf.is_good, "OCSP of each key")
    assert before.issuer().read_bytes() != after.issuer().read_bytes() == published.read_bytes()
    assert after.path(".crl") == f"/crl/{relying.id}-2.crl"

    # The same after a crash.
    running.kill()
    running.start()
    assert states(running) == {1: "RETIRED", 2: "ACTIVE"}
    for leaf in (before, after):
        leaf.revoke()
        running.wait_for(leaf.is_revoked, "OCSP to say revoked")
        running.wait_for(lambda: is_there(running, leaf.path(".crl")), "the CRL of each key to be served again")
        running.wait_for(lambda: "certificate revoked" in leaf.openssl_says(), "the CRL of each key to list it")

    back = authority(running, "activate-key", "--number", 1)
    assert back.returncode == 0 and back.stderr == "" and states(running) == {1: "ACTIVE", 2: "RETIRED"}


def extension(file, name):
    """The DER of the value of the extension whose name begins like that: OpenSSL's own spelling changes."""
    lines = run("openssl", "asn1parse", "-in", file).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if f":{name}" in line)
    value = next(line for line in lines[at:] if "OCTET STRING" in line)
    return bytes.fromhex(value.rpartition(":")[2])


def test_the_partitions_of_both_keys_are_those_that_their_certificates_name(running, relying, tmp_path):
    """I7, I9"""
    arn = new_issuing(running, "Partitioned CA", CrlType="PARTITIONED")
    mine = Relying(running, tmp_path, arn)
    good, bad = ({}, {})
    for number in (1, 2):
        if number == 2:
            next_key(running, arn, tmp_path / "next.csr")
        good[number], bad[number] = mine.issue(f"good-{number}.example"), mine.issue(f"bad-{number}.example")
    assert good[1].path(".crl") == bad[1].path(".crl") != bad[2].path(".crl") == good[2].path(".crl")
    assert states(running, arn) == {1: "RETIRED", 2: "ACTIVE"}
    for leaf in (*good.values(), *bad.values()):
        leaf.get()
        running.wait_for(lambda: is_there(running, leaf.path(".crl")), "the partition's first CRL")
        running.wait_for(leaf.is_good, "OCSP of each key")
        assert leaf.openssl_says().endswith(": OK\n")
    for leaf in bad.values():
        leaf.revoke()
    for number in (1, 2):
        running.wait_for(lambda: "certificate revoked" in bad[number].openssl_says(), "the CRL of the partition")
        assert good[number].openssl_says().endswith(": OK\n")
        assert bad[number].is_revoked() and good[number].is_good()
        listed = run("openssl", "crl", "-in", bad[number].crl(), "-noout", "-text").stdout.lower()
        assert [line.split(":")[1].strip() for line in listed.splitlines() if "serial number:" in line] == [bad[number].arn.rpartition("/")[2]]
        # RFC 5280, 5.2.5 and 6.3.3 (b)(2)(i): the point of the certificate is the issuing point of its list.
        points = extension(bad[number].pem, "X509v3 CRL Distr")
        assert points[2:] == extension(bad[number].crl(), "X509v3 Issuing Distr")
        # The list of the other key says nothing about it, whatever the name of the issuer.
        assert "unable to get certificate CRL" in good[number].openssl_says(good[3 - number].crl())


class OfflineRoot:
    """A root on a token that the daemon cannot see: the one that every installation here begins with, or another."""

    def __init__(self, running, folder):
        self.folder, self.pem = running.folder / folder, running.folder / folder / "root.pem"
        if not self.pem.exists():
            done = run(SOURCE / "scripts/dev-softhsm", self.folder, "root")
            assert done.returncode == 0, done.stderr
            self._chancery("init-root", "--module", "/usr/lib/softhsm/libsofthsm2.so", "--token", "root", "--pin-source",
                           f"file:{self.folder / 'root.pin'}", "--key-algorithm", "EC_secp384r1", "--subject", "CN=Next Root",
                           "--validity", "5475d", "--out", self.pem)

    def _chancery(self, verb, *arguments):
        done = run(os.environ["CHANCERY"], "ca", verb, "--state", self.folder / "state", *arguments,
                   env={**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")})
        assert done.returncode == 0, done.stdout + done.stderr

    def certified(self, _, csr):
        request, signed = self.folder / "issuing.csr", self.folder / "issuing.pem"
        request.write_bytes(csr)
        signed.unlink(missing_ok=True)
        self._chancery("sign", "--csr", request, "--template", "SubordinateCACertificate_PathLen0", "--validity", "300d", "--yes",
                       "--out", signed)
        return signed.read_text(), self.pem.read_text()


def test_the_next_key_is_certified_by_the_next_root_and_clients_with_both_roots_notice_nothing(running, relying, tmp_path):
    roots = [OfflineRoot(running, "ceremony"), OfflineRoot(running, "ceremony-of-the-next")]
    file = running.folder / "chancery.yaml"
    file.write_text(file.read_text() + f"\ntrust_bundles: [{{name: issuing, files: [{roots[0].pem}, {roots[1].pem}]}}]\n")
    running.reload()
    arn = new_issuing(running, "Below Two Roots", roots[0].certified)
    mine = Relying(running, tmp_path, arn)
    mine.root.write_bytes(fetch(running, "/trust/issuing.pem"))
    leaves = [mine.issue("below-the-old.example")]
    next_key(running, arn, tmp_path / "next.csr", roots[1].certified)
    leaves.append(mine.issue("below-the-next.example"))

    for leaf, root, other in zip(leaves, roots, reversed(roots)):
        leaf.get()
        assert leaf.chain.read_text().split() == (leaf.issuer().read_text() + root.pem.read_text()).split()
        running.wait_for(leaf.is_good, "OCSP of each key")
        running.wait_for(lambda: is_there(running, leaf.path(".crl")), "the CRL of each key")
        assert leaf.openssl_says().endswith(": OK\n")
        assert run("openssl", "verify", "-CAfile", root.pem, "-untrusted", leaf.chain, leaf.pem).returncode == 0
        assert run("openssl", "verify", "-CAfile", other.pem, "-untrusted", leaf.chain, leaf.pem).returncode != 0
        shown = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-print_certs"], capture_output=True, check=True,
                               input=fetch(running, leaf.path(".cer").replace(".cer", ".p7c"))).stdout.decode()
        assert [part.split("-----END")[0] for part in shown.split("-----BEGIN")[1:]] == [
            part.split("-----END")[0] for part in leaf.chain.read_text().split("-----BEGIN")[1:]]
    assert relying.client.get_certificate_authority_certificate(CertificateAuthorityArn=arn)["CertificateChain"].split() == roots[
        1].pem.read_text().split()
    for leaf in leaves:
        leaf.revoke()
        running.wait_for(leaf.is_revoked, "OCSP to say revoked")
        running.wait_for(lambda: "certificate revoked" in leaf.openssl_says(), "the CRL of each key")


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
