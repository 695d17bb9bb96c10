"""What the lists that were published know and a backup does not."""
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from conftest import chancery, ledger_of
from test_drill import Issuer
from test_killed_restore import KILL_AT

from tests.fault.client import Client
from tests.support.issuing import configure, new_issuing, next_key

YEAR_MS = 365 * 24 * 3600 * 1000


class Subordinate(Issuer):
    """The authority that every installation begins with, which may get another key."""

    def __init__(self, running):
        self.running, self.client, self.arn = running, Client(running), running.ca_arn
        self.client.call("UpdateCertificateAuthority", CertificateAuthorityArn=self.arn, RevocationConfiguration={
            "CrlConfiguration": {"Enabled": True, "ExpirationInDays": 7}})
        self.use_key("")

    def use_key(self, suffix):
        self.url = f"{self.running.environment['CHANCERY_STATUS']}/crl/{self.arn.rpartition('/')[2]}{suffix}.crl"

    def revoked(self, name):
        arn = self.issue(name)
        self.revoke(arn)
        self.running.wait_for(lambda: self.lists(arn), "the CRL to list it", 60)
        return arn.rpartition("/")[2]

    def keep_list(self, file):
        file.write_bytes(self.published())
        return file


def numbers(ledger):
    with sqlite3.connect(f"file:{ledger}?immutable=1", uri=True) as store:
        return dict(store.execute("SELECT name, number FROM crls"))


def set_ahead(running):
    """As if this machine's clock had been a year ahead when the last CRLs were numbered."""
    running.quickstart("stop")
    with sqlite3.connect(ledger_of(running)) as store:
        store.execute("UPDATE crls SET number = number + ?", [YEAR_MS])
    running.start()


def test_a_crl_number_does_not_go_back_and_lost_serials_are_written_wherever_a_restore_is_killed(running, tmp_path):
    """I8, I19"""
    issuer, backup = Subordinate(running), tmp_path / "backup"
    name = running.ca_arn.rpartition("/")[2]
    issuer.revoked("early.example")
    chancery("backup", "--ledger", ledger_of(running), "--to", backup, "--output", "json").json()
    set_ahead(running)
    issuer.client = Client(running)
    lost = issuer.revoked("late.example")
    published, _ = issuer.crl()
    assert published > numbers(backup / "ledger.db")[name] + YEAR_MS // 2
    last = issuer.keep_list(tmp_path / "last.crl")

    def restore(folder, **environment):
        done = chancery("restore", "--from", backup, "--ledger", folder / "ledger.db", "--published-crl", last, env={**os.environ, **environment})
        return done.code

    def check(folder):
        assert numbers(folder / "ledger.db")[name] == published
        assert any(lost in file.read_text() for file in folder.glob("ledger.db.revoked-not-here-*"))
        assert not [*folder.glob("ledger.db-*")]

    count, found = tmp_path / "count", set()
    for call in range(0, 1000):
        folder = tmp_path / str(call)
        folder.mkdir(mode=0o700)
        at = {"KILL_AT": str(call)} if call else {"KILL_COUNT": str(count)}
        assert restore(folder, LD_PRELOAD=str(KILL_AT), **at) == (-9 if call else 3), call
        found.add((folder / "ledger.db").exists())
        if (folder / "ledger.db").exists():
            check(folder)
        else:
            assert restore(folder) == 3
            check(folder)
        if call == int(count.read_text()):
            break
    assert found == {True, False}

    running.kill()
    shutil.move(running.folder / "ledger", running.folder / "lost")
    (running.folder / "ledger").mkdir(mode=0o700)
    assert restore(running.folder / "ledger") == 3
    running.start()
    issuer.client = Client(running)
    issuer.revoked("after.example")
    assert issuer.crl()[0] > published


def test_a_list_of_a_key_that_is_newer_than_the_backup_is_told_beside_the_others(running, tmp_path):
    issuer, backup = Subordinate(running), tmp_path / "backup"
    chancery("backup", "--ledger", ledger_of(running), "--to", backup, "--output", "json").json()
    old = issuer.revoked("old-key.example")
    lists = [issuer.keep_list(tmp_path / "old.crl")]
    next_key(running, running.ca_arn, tmp_path / "next.csr")
    issuer.use_key("-2")
    new = issuer.revoked("new-key.example")
    lists.append(issuer.keep_list(tmp_path / "new.crl"))

    done = chancery("restore", "--from", backup, "--ledger", tmp_path / "ledger.db", "--published-crl", *lists)
    assert done.code == 3 and f"{lists[1]} is signed by a key that is not in the backup" in done.out, done.out + done.err
    again = chancery("restore", "--from", backup, "--ledger", tmp_path / "again.db", "--published-crl", *lists, "--output", "json")
    assert again.code == 3
    told = json.loads(again.out)["published"]
    assert [one["signer_known"] for one in told["lists"]] == [True, False]
    groups = {group["verified"]: group for group in told["lost"]}
    assert old in groups[True]["serials"] and new in groups[False]["serials"] and new not in groups[True]["serials"]
    assert groups[False]["command"] == "" and ".not-verified-" in groups[False]["file"]


def test_a_list_in_a_name_that_two_authorities_have_is_held_against_the_one_whose_certificates_it_lists(running, tmp_path):
    twins, backup = [Issuing(running, "Twin") for _ in range(2)], tmp_path / "backup"
    leaves = [twin.issue(f"twin-{number}.example") for number, twin in enumerate(twins)]
    chancery("backup", "--ledger", ledger_of(running), "--to", backup, "--output", "json").json()
    for number, (twin, leaf) in enumerate(zip(twins, leaves)):
        next_key(running, twin.arn, tmp_path / f"next-{number}.csr")
        twin.issue("by-the-next-key.example").revoke()
        leaf.revoke()
        file = tmp_path / f"{number}.crl"
        newest = twin.issue("names-the-list.example")
        running.wait_for(lambda: leaf.serial in newest.list()[1], "its list", 60)
        file.write_bytes(newest.published())
        done = chancery("restore", "--from", backup, "--ledger", tmp_path / f"{number}.db", "--published-crl", file, "--output", "json")
        assert done.code == 3, done.err
        told = json.loads(done.out)["published"]
        assert [(one["authority"], one["signer_known"]) for one in told["lists"]] == [(twin.arn, False)]
        again = [group for group in told["lost"] if leaf.serial in group["serials"]]
        assert len(again) == 1 and "good in the ledger" in Path(again[0]["file"]).read_text()


class Issuing:
    """An authority with lists, told by the certificates that name them."""

    def __init__(self, running, name, **crl):
        self.running, self.arn = running, new_issuing(running, name, **crl)

    def issue(self, name):
        client = self.running.boto()
        arn = client.issue_certificate(CertificateAuthorityArn=self.arn, Csr=self.running.csr(f"/CN={name}").encode(),
                                       SigningAlgorithm="SHA256WITHECDSA", Validity={"Value": 30, "Type": "DAYS"})["CertificateArn"]
        client.get_waiter("certificate_issued").wait(CertificateAuthorityArn=self.arn, CertificateArn=arn)
        leaf = Leaf(self, arn, client.get_certificate(CertificateAuthorityArn=self.arn, CertificateArn=arn)["Certificate"])
        self.running.wait_for(lambda: leaf.list()[0], "its list")
        return leaf


class Leaf:
    def __init__(self, issuing, arn, pem):
        self.issuing, self.arn, self.serial = issuing, arn, arn.rpartition("/")[2]
        text = subprocess.run(["openssl", "x509", "-noout", "-ext", "crlDistributionPoints"], input=pem, capture_output=True, text=True,
                              check=True).stdout
        self.url = next(line.strip()[4:] for line in text.splitlines() if line.strip().startswith("URI:"))
        self.series = self.url.rpartition("/")[2].removesuffix(".crl")

    def revoke(self):
        self.issuing.running.boto().revoke_certificate(CertificateAuthorityArn=self.issuing.arn, CertificateSerial=self.serial,
                                                       RevocationReason="SUPERSEDED")

    def list(self):
        """(number, serials) of the list that it names; (0, none) while there is none."""
        return Issuer.crl(self)

    def published(self):
        return Issuer.published(self)

    def is_listed(self):
        return self.serial in self.list()[1]


def test_lists_of_partitions_and_of_both_keys_are_compared_and_each_is_followed_by_a_greater_number(running, tmp_path):
    """I7, I8"""
    parts, complete = Issuing(running, "Partitioned Lists", CrlType="PARTITIONED"), Issuing(running, "Complete Lists")
    leaves = [parts.issue("first-partition.example"), complete.issue("first-key.example")]
    configure(running, parts.arn, CrlType="PARTITIONED", CustomPath="second")  # another place is another partition
    leaves.append(parts.issue("second-partition.example"))
    for issuing in (parts, complete):
        next_key(running, issuing.arn, tmp_path / "next.csr")
        leaves.append(issuing.issue("second-key.example"))
    backup, ledger = tmp_path / "backup", ledger_of(running)
    chancery("backup", "--ledger", ledger, "--to", backup, "--output", "json").json()
    set_ahead(running)
    configure(running, parts.arn, CrlType="PARTITIONED", CustomPath="young")
    young = parts.issue("young.example")
    files, published = [], {}
    for leaf in (*leaves, young):
        leaf.revoke()
    of_both_keys = {leaf.serial for leaf in leaves if leaf.issuing is complete}
    for leaf in (*leaves, young):
        running.wait_for(lambda: (of_both_keys if leaf.issuing is complete else {leaf.serial}) == leaf.list()[1], "the list of each", 60)
        files.append(tmp_path / f"{leaf.series}.crl")
        files[-1].write_bytes(leaf.published())
        published[leaf.series] = leaf.list()[0]
    assert len(published) == 6 and all(published[series] > number + YEAR_MS // 2 for series, number in numbers(backup / "ledger.db").items()
                                       if series in published)

    # The last lists stay in their folder beside the ledger; one of them was lost.
    running.kill()
    (tmp_path / "lost").mkdir()
    for file in ledger.parent.glob("ledger.db*"):
        file.rename(tmp_path / "lost" / file.name)
    made_anew = leaves[2]
    (ledger.parent / "crls" / f"{made_anew.series}.crl").unlink()
    done = chancery("restore", "--from", backup, "--ledger", ledger, "--published-crl", *files, "--output", "json")
    assert done.code == 3, done.out + done.err
    told = json.loads(done.out)["published"]
    assert [(one["number"], one["signer_known"], one["series_known"]) for one in told["lists"]] == [
        (published[leaf.series], True, leaf is not young) for leaf in (*leaves, young)]
    assert {(group["authority"], group["revocable"]): set(group["serials"]) for group in told["lost"]} == {
        (parts.arn, True): {leaf.serial for leaf in leaves if leaf.issuing is parts},
        (parts.arn, False): {young.serial},
        (complete.arn, True): of_both_keys}
    assert {leaf.series: numbers(ledger)[leaf.series] for leaf in leaves} == {leaf.series: published[leaf.series] for leaf in leaves}

    running.start()
    running.wait_for(lambda: made_anew.list()[0] == published[made_anew.series] + 1, "a list in the place of the one that was lost")
    for leaf in leaves:
        if leaf is not made_anew:
            running.wait_for(lambda: leaf.list()[0] == published[leaf.series] and leaf.is_listed(), "the last list to be served again")
    for group in told["lost"]:
        if group["revocable"]:
            again = subprocess.run([os.environ["CHANCERY"], *group["command"].split()[1:], "--profile", "admin", "--yes"],
                                   env=running.environment, capture_output=True, text=True, timeout=60)
            assert again.returncode == 0, again.stdout + again.stderr
    for leaf in leaves:
        running.wait_for(lambda: leaf.is_listed() and leaf.list()[0] > published[leaf.series], "a greater number with what was lost", 60)
