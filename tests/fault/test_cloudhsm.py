"""A root and an issuing authority on an HSM with the known ways of AWS CloudHSM (tests/fault/shim/vendor.cpp): the ceremony with
the HSM's own quorum (token.pin: own), no rehearsal, and the daemon, both while the HSM says CKR_FUNCTION_FAILED now and then."""
import datetime
import os
import re
import subprocess

import pytest

from tests.support.running import SOURCE, Running
from tests.support.shim import MODULE, REAL, Shim

ROOT_PIN, ISSUING_PIN = "chancery_root:both-halves-together", "chancery_issuing:another-password"
ALL = "custodian-1,custodian-2,witness-1"


def interfaces_up():
    listed = subprocess.run(["ip", "-o", "link", "show", "up"], capture_output=True, text=True, check=True).stdout
    names = [line.split(":")[1].strip().split("@")[0] for line in listed.splitlines()]
    return [name for name in names if name != "lo"]


class Cluster:
    def __init__(self, running):
        self.running, self.folder = running, running.folder / "cluster"
        running.quickstart("stop")
        self.environment = {**running.environment, "SOFTHSM2_CONF": str(running.folder / "softhsm/softhsm2.conf")}
        self.change_issuing_pin()
        self.init_root_token()
        self.shim = Shim(running.folder / "shim-control")
        self.shim["vendor"] = 1
        self.environment |= self.shim.environment
        running.environment |= self.shim.environment
        config = running.folder / "chancery.yaml"
        config.write_text(config.read_text().replace(REAL, str(MODULE)))
        self.write_script()

    def change_issuing_pin(self):
        file = self.running.folder / "softhsm/issuing.pin"
        subprocess.run(["pkcs11-tool", "--module", REAL, "--token-label", "issuing", "--login", "--pin", file.read_text().strip(),
                        "--change-pin", "--new-pin", ISSUING_PIN], env=self.environment, check=True, capture_output=True)
        file.write_text(ISSUING_PIN)

    def init_root_token(self):
        """What the cluster's admins do: users and PINs are theirs."""
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "hsm1", "--so-pin", "12345678", "--pin", ROOT_PIN],
                       env=self.environment, check=True, capture_output=True)

    def write_script(self):
        (self.folder / "keys").mkdir(parents=True)
        (self.folder / "in").mkdir()
        for number in (1, 2, 3):
            key = self.folder / f"custodian-{number}"
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
            key.with_suffix(".pub").rename(self.folder / f"keys/custodian-{number}.pub")
        self.pin = self.folder / "root.pin"
        self.pin.touch(0o600)
        self.pin.write_text(ROOT_PIN)
        sample = (SOURCE / "config/samples/ceremony-root.yaml").read_text()
        self.script = self.folder / "ceremony.yaml"
        self.text = re.sub(r"(?m)^  pin: shares .*", f"  pin: own\n  interfaces: [{', '.join(interfaces_up())}]", sample) \
            .replace(REAL, str(MODULE)).replace("label: example-root-g1", "label: hsm1")
        self.script.write_text(self.text)

    def chancery(self, *words):
        return subprocess.run([os.environ["CHANCERY"], *map(str, words)], env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)

    def step(self, name):
        clock = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
        return self.chancery("hsm", "key-ceremony", "--script", self.script, "--step", name, "--clock-confirmed", clock,
                             "--present", ALL, "--pin-source", f"file:{self.pin}")

    def out(self, step):
        return self.folder / "out" / step


@pytest.fixture
def cluster(tmp_path):
    running = Running(tmp_path)
    yield Cluster(running)
    running.quickstart("stop")


def test_from_the_ceremony_to_a_certificate_on_an_hsm_with_a_quorum_of_its_own(cluster):
    """I14, I18"""
    running, shim = cluster.running, cluster.shim
    if interfaces_up():
        cluster.script.write_text(re.sub(r"(?m)^  interfaces:.*\n", "", cluster.text))
        refused = cluster.step("root")
        assert refused.returncode == 1 and "network interfaces are up" in refused.stderr, refused.stderr
        cluster.script.write_text(cluster.text)
    cluster.pin.write_text("both-halves-together")  # without its crypto user
    logins = shim["logins"]
    refused = cluster.step("root")
    assert refused.returncode == 1 and "one attempt" in refused.stderr and "not done: nothing was signed" in refused.stderr
    assert shim["logins"] == logins + 1
    cluster.pin.write_text(ROOT_PIN)

    shim["throttle_every"] = 3
    made = cluster.step("root")
    assert made.returncode == 0, made.stdout + made.stderr
    assert ROOT_PIN not in made.stdout + made.stderr + (cluster.out("root") / "transcript.jsonl").read_text()
    assert not (cluster.folder / "shares").exists()

    running.start()
    arn = running.boto().create_certificate_authority(
        CertificateAuthorityType="SUBORDINATE", CertificateAuthorityConfiguration={
            "KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {"CommonName": "Cluster Issuing"}},
    )["CertificateAuthorityArn"]
    running.aws("wait", "certificate-authority-csr-created", "--certificate-authority-arn", arn)
    csr = running.aws("get-certificate-authority-csr", "--certificate-authority-arn", arn, "--output", "text").stdout
    (cluster.folder / "in/subordinate.csr").write_text(csr)
    signed = cluster.step("sign-subordinate")
    assert signed.returncode == 0, signed.stdout + signed.stderr
    running.boto().import_certificate_authority_certificate(
        CertificateAuthorityArn=arn, Certificate=(cluster.out("sign-subordinate") / "certificate.pem").read_bytes(),
        CertificateChain=(cluster.out("sign-subordinate") / "chain.pem").read_bytes())
    issued = [running.boto().issue_certificate(
        CertificateAuthorityArn=arn, Csr=running.csr(f"/CN=device-{number}").encode(), SigningAlgorithm="SHA256WITHECDSA",
        TemplateArn="arn:aws:acm-pca:::template/EndEntityCertificate/V1", Validity={"Value": 1, "Type": "DAYS"})["CertificateArn"]
        for number in range(6)]
    root = cluster.out("root") / "root.pem"
    leaf, chain = cluster.folder / "leaf.pem", cluster.folder / "chain.pem"
    for certificate in issued:
        running.aws("wait", "certificate-issued", "--certificate-authority-arn", arn, "--certificate-arn", certificate)
        got = running.boto().get_certificate(CertificateAuthorityArn=arn, CertificateArn=certificate)
        leaf.write_text(got["Certificate"])
        chain.write_text(got["CertificateChain"])
        subprocess.run(["openssl", "verify", "-CAfile", root, "-untrusted", chain, leaf], check=True, capture_output=True)

    (cluster.folder / "in/revoked.pem").write_bytes((cluster.out("sign-subordinate") / "certificate.pem").read_bytes())
    revoked = cluster.step("revoke-subordinate")
    assert revoked.returncode == 0, revoked.stdout + revoked.stderr
    subprocess.run(["openssl", "crl", "-inform", "DER", "-in", cluster.out("revoke-subordinate") / "root.crl", "-CAfile", root,
                    "-noout"], check=True, capture_output=True)
    assert shim["throttled"] > 0 and shim["read_only_refused"] == 0
    assert shim["setup_refused"] == 3  # C_CopyObject, which it does not have, in the proof of each step

    for step in ("root", "sign-subordinate", "revoke-subordinate"):
        for number in (1, 2):
            subprocess.run([SOURCE / "scripts/ceremony/countersign", cluster.out(step), f"custodian-{number}",
                            cluster.folder / f"custodian-{number}"], check=True, capture_output=True)
        checked = cluster.chancery("ceremony", "verify", "--script", cluster.script, "--folder", cluster.out(step), "--root", root)
        assert checked.returncode == 0, checked.stdout
        assert ("NOT OFFLINE" in checked.stdout) == bool(interfaces_up())
