"""The restore drill: a backup while certificates are issued, the ledger lost, the backup in its place."""
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import urllib.request

from conftest import chancery, ledger_of

from tests.fault.client import Client, Refused
from tests.fault.load import Load, check_rows_equal_events
from tests.support.buckets import new_authority


class Issuer:
    """An authority with CRLs."""

    def __init__(self, running):
        self.running, self.client = running, Client(running)
        self.arn = new_authority(running, "Drill")
        self.url = f"{running.environment['CHANCERY_STATUS']}/crl/{self.arn.rpartition('/')[2]}.crl"
        self.client.call("UpdateCertificateAuthority", CertificateAuthorityArn=self.arn, RevocationConfiguration={
            "CrlConfiguration": {"Enabled": True, "ExpirationInDays": 7}})

    def issue(self, name):
        arn = self.running.boto().issue_certificate(
            CertificateAuthorityArn=self.arn, Csr=self.running.csr(f"/CN={name}").encode(), SigningAlgorithm="SHA256WITHECDSA",
            Validity={"Value": 1, "Type": "DAYS"})["CertificateArn"]
        self.running.wait_for(lambda: self.certificate(arn), "the certificate")
        return arn

    def certificate(self, arn):
        try:
            return self.client.call("GetCertificate", CertificateAuthorityArn=self.arn, CertificateArn=arn)["Certificate"]
        except Refused as refused:
            assert refused.code == "RequestInProgressException", refused
            return None

    def revoke(self, arn):
        self.client.call("RevokeCertificate", CertificateAuthorityArn=self.arn, CertificateSerial=arn.rpartition("/")[2],
                         RevocationReason="KEY_COMPROMISE")

    def published(self):
        """The list as relying parties fetch it; nothing while there is none."""
        try:
            with urllib.request.urlopen(self.url, timeout=10) as answer:
                return answer.read()
        except OSError:
            return b""

    def crl(self):
        """(number, serials) of the published one; (0, none) while there is none."""
        der = self.published()
        if not der:
            return 0, set()
        text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout", "-text"], input=der, capture_output=True,
                              check=True).stdout.decode()
        lines = [line.strip() for line in text.splitlines()]
        number = int(lines[lines.index("X509v3 CRL Number:") + 1], 0)
        return number, {line.split(":")[1].strip().lower() for line in lines if line.startswith("Serial Number:")}

    def lists(self, arn):
        return arn.rpartition("/")[2].lower() in self.crl()[1]


def audit_lines(file):
    with sqlite3.connect(f"file:{file}?immutable=1", uri=True) as store:
        return [line for line, in store.execute("SELECT line FROM audit ORDER BY seq")]


def test_a_backup_taken_under_load_brings_back_all_that_was_acknowledged_before_it(running, tmp_path):
    """I5, I6, I7, I8"""
    issuer = Issuer(running)
    revoked, later = issuer.issue("revoked.example"), issuer.issue("later.example")
    issuer.revoke(revoked)
    running.wait_for(lambda: issuer.lists(revoked), "the CRL to list it", 60)

    first, second = tmp_path / "first", tmp_path / "second"
    load = Load(running)
    try:
        load.delivers(30)
        before = dict(load.delivered)
        report = chancery("backup", "--ledger", ledger_of(running), "--to", first, "--output", "json").json()
        load.delivers(10)
    finally:
        load.stop()
    assert not load.errors, load.errors[:5]
    assert report["manifest"]["certificates"]["issued"] >= len(before)
    assert chancery("backup", "verify", first, "--output", "json").json()["manifest"] == report["manifest"]

    # What the backup does not know: a revocation, and certificates.
    young = issuer.issue("young.example")
    for arn in (later, young):
        issuer.revoke(arn)
    running.wait_for(lambda: issuer.lists(later) and issuer.lists(young), "the CRL to list both", 60)
    published, _ = issuer.crl()
    (tmp_path / "last.crl").write_bytes(issuer.published())
    running.kill()
    shutil.move(running.folder / "ledger", running.folder / "lost")
    (running.folder / "ledger").mkdir(mode=0o700)
    done = chancery("restore", "--from", first, "--ledger", ledger_of(running), "--published-crl", tmp_path / "last.crl",
                    "--output", "json")
    restored = json.loads(done.out)
    assert done.code == 3 and restored["manifest"] == report["manifest"] and len(restored["next"]) == 5
    lost = {group["revocable"]: group for group in restored["published"]["lost"]}
    assert restored["published"]["lists"][0]["number"] == published
    assert [lost[here]["serials"] for here in (True, False)] == [[arn.rpartition("/")[2]] for arn in (later, young)]
    assert stat.S_IMODE(os.stat(ledger_of(running)).st_mode) == 0o600
    running.start()

    client = issuer.client = Client(running)
    for arn, pem in before.items():
        assert client.call("GetCertificate", CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)["Certificate"] == pem
    running.wait_for(lambda: issuer.lists(revoked), "a CRL after the restore", 60)
    assert issuer.crl()[0] > published
    again = subprocess.run([os.environ["CHANCERY"], *lost[True]["command"].split()[1:], "--profile", "admin", "--yes"],
                           env=running.environment, capture_output=True, text=True, timeout=60)
    assert again.returncode == 0 and "revoked          1" in again.stdout, again.stdout + again.stderr
    running.wait_for(lambda: issuer.lists(later), "the CRL to list it again", 60)
    assert issuer.lists(revoked)
    assert issuer.certificate(issuer.issue("after.example"))

    chancery("backup", "--ledger", ledger_of(running), "--to", second, "--output", "json").json()
    assert chancery("backup", "verify", second).code == 0
    size = report["manifest"]["audit"]["size"]
    assert audit_lines(second / "ledger.db")[:size] == audit_lines(first / "ledger.db")
    with sqlite3.connect(f"file:{second / 'ledger.db'}?immutable=1", uri=True) as store:
        check_rows_equal_events(store)


def test_a_backup_of_a_ledger_that_nobody_has_open_holds_what_a_killed_daemon_had_acknowledged(running, tmp_path):
    """I1"""
    issuer = Issuer(running)
    arn = issuer.issue("last.example")
    running.kill()
    try:
        chancery("backup", "--ledger", ledger_of(running), "--to", tmp_path / "cold", "--output", "json").json()
    finally:
        running.start()
    with sqlite3.connect(f"file:{tmp_path / 'cold/ledger.db'}?immutable=1", uri=True) as store:
        state, = store.execute("SELECT state FROM certificates WHERE lower(hex(serial)) = ?", [arn.rpartition("/")[2].lower()]).fetchone()
    assert state == "I"


def test_a_backup_names_what_must_be_kept_beside_it(running, tmp_path):
    client, issuer = Client(running), Issuer(running)
    client.call("UpdateCertificateAuthority", CertificateAuthorityArn=issuer.arn, RevocationConfiguration={
        "CrlConfiguration": {"Enabled": True, "ExpirationInDays": 7, "S3BucketName": "reports"}})
    issuer.issue("bucket.example")
    manifest = chancery("backup", "--ledger", ledger_of(running), "--to", tmp_path / "good", "--output", "json").json()["manifest"]
    listed = client.call("ListCertificateAuthorities")["CertificateAuthorities"]
    assert {authority["arn"] for authority in manifest["authorities"]} <= {authority["Arn"] for authority in listed}
    assert all(authority["key_uri"].startswith("pkcs11:") and len(authority["spki_sha256"]) == 64
               for authority in manifest["authorities"])
    buckets = {authority["arn"]: authority.get("crl_buckets") for authority in manifest["authorities"]}
    assert buckets.pop(issuer.arn) == ["reports"] and set(buckets.values()) <= {None}
    assert "reports" in chancery("backup", "verify", tmp_path / "good").out
    assert manifest["node"] == "dev-1" and manifest["schema_version"] >= 5


def test_lists_that_the_backup_knows_are_told_and_all_is_well(running, tmp_path):
    issuer = Issuer(running)
    arn = issuer.issue("known.example")
    issuer.revoke(arn)
    running.wait_for(lambda: issuer.lists(arn), "the CRL to list it", 60)
    der, pem = tmp_path / "last.crl", tmp_path / "last.pem"
    der.write_bytes(issuer.published())
    subprocess.run(["openssl", "crl", "-inform", "DER", "-in", der, "-out", pem], check=True)
    backup, target = tmp_path / "backup", tmp_path / "target.db"
    assert chancery("backup", "--ledger", ledger_of(running), "--to", backup).code == 0
    nowhere = chancery("restore", "--from", tmp_path / "nowhere", "--ledger", target, "--published-crl", der)
    assert nowhere.code == 1 and "this is no whole backup" in nowhere.err and str(der) not in nowhere.err, nowhere.err
    done = chancery("restore", "--from", backup, "--ledger", target, "--published-crl", der, pem)
    assert done.code == 0 and "knows every revocation of these lists" in done.out, done.out + done.err
    assert {file.name for file in tmp_path.iterdir() if "target" in file.name} == {"target.db", "target.db.lock"}

    # A list that nobody can vouch for says nothing about this ledger, and nothing is restored beside it.
    stranger, changed, text = tmp_path / "stranger.crl", tmp_path / "changed.crl", tmp_path / "text"
    content = bytearray(der.read_bytes())
    content[-9] ^= 1
    changed.write_bytes(content)
    text.write_text("no list\n")
    key, certificate = tmp_path / "key.pem", tmp_path / "stranger.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Drill",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (tmp_path / "index").touch()
    (tmp_path / "number").write_text("01\n")
    (tmp_path / "ca.cnf").write_text(f"[ca]\ndefault_ca=c\n[c]\ndatabase={tmp_path}/index\ncrlnumber={tmp_path}/number\n"
                                     "default_md=sha256\ndefault_crl_days=7\n")
    subprocess.run(["openssl", "ca", "-config", tmp_path / "ca.cnf", "-gencrl", "-keyfile", key, "-cert", certificate, "-out",
                    stranger], check=True, capture_output=True)
    for number, (file, words) in enumerate(((changed, "no authority of this ledger has signed"), (text, ""), (tmp_path / "absent", ""))):
        target = tmp_path / f"other-{number}.db"
        done = chancery("restore", "--from", backup, "--ledger", target, "--published-crl", der, file)
        assert done.code == 1 and words in done.err and str(file) in done.err, done.out + done.err
        assert "not done: nothing was restored" in done.err and "  do:" in done.err and not target.exists(), done.err

    # One in an authority's name may be of a key that is newer than the backup: it is told, and no more.
    done = chancery("restore", "--from", backup, "--ledger", tmp_path / "told.db", "--published-crl", stranger, der)
    assert done.code == 3 and f"{stranger} is signed by a key that is not in the backup" in done.out, done.out + done.err
