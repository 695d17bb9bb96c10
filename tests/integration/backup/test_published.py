"""What the lists that were published know and a backup does not."""
import json
import os
import shutil
import sqlite3

from conftest import chancery, ledger_of
from test_drill import Issuer
from test_keys import change_key
from test_killed_restore import KILL_AT

from tests.fault.client import Client

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
    change_key(running, tmp_path / "next.csr")
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
