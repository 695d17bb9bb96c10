"""What backup and restore must refuse, and what they leave behind then: nothing."""
import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess

import pytest
from conftest import chancery, ledger_of


def restored(folder, target):
    done = chancery("restore", "--from", folder, "--ledger", target)
    assert (done.code == 0) == target.exists()
    assert not [file for file in target.parent.iterdir() if ".new-" in file.name]
    return done


def refused(folder, tmp_path):
    """Both verbs say no; the reason."""
    answer = chancery("backup", "verify", folder, "--output", "json")
    assert answer.code == 3, answer.out + answer.err
    problem = json.loads(answer.out)["problem"]
    done = restored(folder, tmp_path / "target.db")
    assert done.code == 1 and "not done: nothing was restored" in done.err and "  do:" in done.err
    return problem


def flipped(file, offset):
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.write_bytes(content)


def sealed(manifest):
    """The text with its own SHA-256, as somebody would write it who changes a backup and knows how."""
    def text():
        return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    manifest["manifest_sha256"] = ""
    manifest["manifest_sha256"] = hashlib.sha256(text().encode()).hexdigest()
    return text()


def forged(folder, change=None, sql=()):
    """Changes the snapshot, and then the manifest, so that all hashes fit again."""
    snapshot, file = folder / "ledger.db", folder / "manifest.json"
    if sql:
        store = sqlite3.connect(snapshot, isolation_level=None)
        triggers = store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for statement in [*(f"DROP TRIGGER {name}" for name, in triggers), *sql]:
            store.execute(statement)
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
    manifest = json.loads(file.read_text())
    content = snapshot.read_bytes()
    manifest["snapshot"] = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    if change:
        change(manifest)
    file.write_text(sealed(manifest))


def test_the_manifest_is_sealed_as_this_test_seals_it(copy):
    before = (copy / "manifest.json").read_text()
    forged(copy)
    assert (copy / "manifest.json").read_text() == before


def test_a_manifest_of_the_first_format_which_knew_one_key_of_each_authority_still_fits(copy, tmp_path):
    def older(manifest):
        manifest["format"] = "chancery-backup-1"
        for authority in manifest["authorities"]:
            for name in ("key_number", "key_token", "key_state", "other_keys"):
                del authority[name]
    forged(copy, older, sql=["INSERT INTO authority_keys SELECT authority, 7, 'issuing', 'pkcs11:object=seventh', x'01', x'', x'', '', '', "
                             "NULL, NULL, '', x'', x'', NULL FROM authorities LIMIT 1"])
    told = chancery("backup", "verify", copy)
    assert told.code == 0 and "pkcs11:object=seventh" in told.out, told.out + told.err
    assert "pkcs11:object=seventh" in restored(copy, tmp_path / "target.db").out


def test_a_key_that_the_manifest_does_not_name_is_found(copy, tmp_path):
    forged(copy, sql=["INSERT INTO authority_keys SELECT authority, 7, 'issuing', 'pkcs11:object=seventh', x'01', x'', x'', '', '', "
                      "NULL, NULL, '', x'', x'', NULL FROM authorities LIMIT 1"])
    assert "/other_keys is []" in refused(copy, tmp_path)


def test_any_changed_byte_of_the_manifest_is_found(taken, copy, tmp_path):
    whole = (taken / "manifest.json").read_bytes()
    for offset in [*range(0, len(whole), 29), len(whole) - 1]:
        flipped(copy / "manifest.json", offset)
        answer = chancery("backup", "verify", copy)
        assert answer.code == 3 and "manifest" in answer.out, offset
        (copy / "manifest.json").write_bytes(whole)
    flipped(copy / "manifest.json", whole.index(b'"node": "') + 9)
    assert "its SHA-256 is" in refused(copy, tmp_path)


def test_any_changed_byte_of_the_snapshot_is_found(taken, copy, tmp_path):
    size = (taken / "ledger.db").stat().st_size
    for offset in (0, 18, 100, size // 2, size - 1):
        shutil.copy(taken / "ledger.db", copy)
        flipped(copy / "ledger.db", offset)
        assert "the snapshot has the SHA-256" in refused(copy, tmp_path)


@pytest.mark.parametrize("change", [-1, +1])
def test_a_snapshot_of_another_length_is_found(copy, tmp_path, change):
    os.truncate(copy / "ledger.db", (copy / "ledger.db").stat().st_size + change)
    assert "bytes, the manifest says" in refused(copy, tmp_path)


@pytest.mark.parametrize("sql, reason", [
    (["UPDATE audit SET line = replace(line, '\"outcome\":\"ok\"', '\"outcome\":\"no\"') WHERE seq = 3"], "event 3 has another hash"),
    (["DELETE FROM audit WHERE seq = 2"], "event 2 is missing"),
    (["DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"], "its head says"),
    (["UPDATE audit_head SET frontier = zeroblob(length(frontier))"], "another Merkle root"),
    (["UPDATE certificates SET state = 'F' WHERE certificate = 1"], "its counters are not"),
    (["UPDATE certificates SET state = 'R' WHERE certificate = 1", "UPDATE counters SET value = value - 1 WHERE name = 'I'",
      "UPDATE counters SET value = value + 1 WHERE name = 'R'"], "audit events certificate.revoked"),
    (["INSERT INTO schema_version (version, applied_at) VALUES (99, 0)"], "schema version 99, this build knows up to"),
    (["DROP TABLE schema_version"], "is not a ledger"),
    (["INSERT INTO crls (authority, name, complete, uri, object_key, certificates, last_not_after) VALUES (1, 'lost', 1, '', '', 1, 9)"],
     "certificates name a place of the CRL lost that it does not have"),
], ids=["line", "gap", "cut", "head", "state", "revocation", "newer", "other", "place"])
def test_a_snapshot_whose_hashes_were_made_to_fit_is_examined_itself(copy, tmp_path, sql, reason):
    """I5, I6"""
    forged(copy, sql=sql)
    assert reason in refused(copy, tmp_path)


@pytest.mark.parametrize("where", ["/audit/root", "/audit/size", "/node", "/schema_version", "/certificates/issued",
                                   "/authorities/0/key_uri", "/authorities/0/spki_sha256"])
def test_a_manifest_that_tells_something_else_than_its_snapshot_is_found(copy, tmp_path, where):
    def change(manifest):
        *above, last = where.split("/")[1:]
        for name in above:
            manifest = manifest[int(name) if name.isdigit() else name]
        manifest[last] = manifest[last] + 1 if isinstance(manifest[last], int) else manifest[last] + "0"
    forged(copy, change)
    assert f"does not fit the snapshot: {where} is" in refused(copy, tmp_path)


def test_nothing_is_written_over_a_ledger_or_what_is_left_of_one(taken, tmp_path):
    for number, name in enumerate(("ledger.db", "ledger.db-wal", "ledger.db-shm")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text("mine")
        done = chancery("restore", "--from", taken, "--ledger", folder / "ledger.db")
        assert done.code == 1 and f"{name} exists" in done.err and "move the old ledger" in done.err
        assert (folder / name).read_text() == "mine"
        assert {file.name for file in folder.iterdir()} <= {name, "ledger.db.lock"}


def test_a_ledger_that_a_daemon_holds_is_not_restored_even_when_its_file_was_moved_away(running, taken, tmp_path):
    ledger = ledger_of(running)
    ledger.rename(tmp_path / "ledger.db")
    try:
        done = chancery("restore", "--from", taken, "--ledger", ledger)
        assert done.code == 1 and f"is in use by process {running.pid}" in done.err
        assert not ledger.exists()
    finally:
        (tmp_path / "ledger.db").rename(ledger)
    running.wait_for(running.ready, "the daemon to find its ledger again")


def test_nothing_is_written_over_a_backup(running, taken):
    before = {file.name: file.read_bytes() for file in taken.iterdir()}
    for name in (taken, f"{taken}/"):
        done = chancery("backup", "--ledger", ledger_of(running), "--to", name)
        assert done.code == 1 and "exists" in done.err and "there is no backup" not in done.out
    assert {file.name: file.read_bytes() for file in taken.iterdir()} == before


def test_what_is_no_ledger_is_neither_backed_up_nor_changed(tmp_path):
    other, text = tmp_path / "other.db", tmp_path / "text"
    with sqlite3.connect(other) as store:
        store.execute("CREATE TABLE birds (name)")
    text.write_text("not a database\n" * 100)
    empty = tmp_path / "empty"
    empty.touch()
    for file in (other, text, empty, tmp_path / "absent"):
        before = file.read_bytes() if file.exists() else None
        done = chancery("backup", "--ledger", file, "--to", tmp_path / "backup")
        assert done.code == 1 and str(file) in done.err and "  do:" in done.err
        assert (file.read_bytes() if file.exists() else None) == before
    assert {file.name for file in tmp_path.iterdir()} == {"other.db", "text", "empty"}


def test_a_folder_that_is_no_whole_backup_is_not_taken_for_one(copy, tmp_path):
    (copy / "manifest.json").unlink()
    assert chancery("backup", "verify", copy).code == 1
    assert "this is no whole backup" in restored(copy, tmp_path / "target.db").err
    assert chancery("backup", "verify", tmp_path / "absent").code == 1


def test_both_files_are_for_their_owner_alone_whatever_the_umask(running, tmp_path):
    done = chancery("backup", "--ledger", ledger_of(running), "--to", tmp_path / "open", umask=0)
    assert done.code == 0, done.err
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in [tmp_path / "open", *(tmp_path / "open").iterdir()]}
    assert modes == {"open": "0o700", "ledger.db": "0o600", "manifest.json": "0o600"}


def small(bytes_):
    """The program can write no file longer than that: as on a full disk, a write fails."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_)), "restore_signals": False}


def test_without_space_nothing_is_left_and_the_daemon_goes_on(running, taken, tmp_path):
    size = (taken / "ledger.db").stat().st_size
    for limit in (size // 2, size // 2 + 1):
        done = chancery("backup", "--ledger", ledger_of(running), "--to", tmp_path / "full", **small(limit))
        assert done.code == 1 and "free space" in done.err, done.err
        done = chancery("restore", "--from", taken, "--ledger", tmp_path / "ledger.db", **small(limit))
        assert done.code == 1 and "free space" in done.err and "nothing was restored" in done.err, done.err
    assert {file.name for file in tmp_path.iterdir()} == {"ledger.db.lock"}
    assert running.ready()


def test_on_a_full_file_system_the_reason_is_told(running, tmp_path):
    script = 'mount -t tmpfs -o size=64k none "$1" && shift && exec "$@"'
    words = ["unshare", "--mount", "--map-root-user", "bash", "-c", script, "bash", tmp_path, os.environ["CHANCERY"], "backup",
             "--ledger", ledger_of(running), "--to", tmp_path / "full"]
    probe = subprocess.run([*words[:7], tmp_path, "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("optional: no mount of one's own here")
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "disk is full" in done.stderr, done.stderr


def test_wrong_usage_ends_with_2(tmp_path):
    for words in (["backup"], ["backup", "--ledger", "x"], ["backup", "verify"], ["restore"], ["restore", "--from", tmp_path]):
        assert chancery(*words).code == 2, words
