"""I19: chancery restore is killed before each of its calls that change a file; no daemon starts on half a ledger, or on an empty
one where a ledger belongs, and the restore can simply be repeated."""
import os
import shutil
import subprocess
from pathlib import Path

from conftest import ledger_of

KILL_AT = Path(os.environ["CHANCERY_BIN_DIR"]).parent / "tests/integration/backup/libkill_at.so"


def restore(taken, folder, **environment):
    return subprocess.run([os.environ["CHANCERY"], "restore", "--from", taken, "--ledger", folder / "ledger.db"],
                          env={**os.environ, **environment}, capture_output=True, text=True, timeout=120).returncode


def killed_folders(taken, tmp_path):
    """One folder for each call before which the restore was killed."""
    count, whole = tmp_path / "count", tmp_path / "whole"
    whole.mkdir(mode=0o700)
    assert restore(taken, whole, LD_PRELOAD=str(KILL_AT), KILL_COUNT=str(count)) == 0
    calls = int(count.read_text())
    assert calls > 8
    for call in range(1, calls + 1):
        folder = tmp_path / str(call)
        folder.mkdir(mode=0o700)
        assert restore(taken, folder, LD_PRELOAD=str(KILL_AT), KILL_AT=str(call)) == -9, call
        yield call, folder


def starts(running, folder):
    """Whether a daemon starts on that folder as its ledger's; what it says."""
    ledger = ledger_of(running).parent
    ledger.rename(running.folder / "mine")
    try:
        shutil.copytree(folder, ledger)
        done = subprocess.Popen([os.environ["CHANCERYD"], "--config", running.folder / "chancery.yaml"], env={
            **running.environment, "SOFTHSM2_CONF": str(running.folder / "softhsm/softhsm2.conf")}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        try:
            running.wait_for(lambda: done.poll() is not None or running.ready(), "the daemon to be ready, or to give up")
            ready = done.poll() is None
        finally:
            done.terminate()
            said = done.communicate(timeout=60)[0]
        return ready, said
    finally:
        shutil.rmtree(ledger)
        (running.folder / "mine").rename(ledger)


def test_a_killed_restore_leaves_no_ledger_or_all_of_it(taken, tmp_path):
    snapshot = (taken / "ledger.db").read_bytes()
    found = set()
    for call, folder in killed_folders(taken, tmp_path):
        files = {file.name for file in folder.iterdir()}
        found.add("ledger.db" in files)
        begun = any(".new-" in name for name in files)
        assert files <= {"ledger.db", "ledger.db.lock"} or begun, (call, files)
        if "ledger.db" in files:
            assert (folder / "ledger.db").read_bytes() == snapshot, call
        else:
            assert not begun or "a ledger is here" in (folder / "ledger.db.lock").read_text(), call
            assert restore(taken, folder) == 0, call
            assert (folder / "ledger.db").read_bytes() == snapshot, call
    assert found == {True, False}


def test_no_daemon_begins_an_empty_ledger_where_a_restore_was_killed(running, taken, tmp_path):
    folders = dict(killed_folders(taken, tmp_path))
    begun = [call for call, folder in folders.items()
             if not (folder / "ledger.db").exists() and any(".new-" in file.name for file in folder.iterdir())]
    whole = [call for call, folder in folders.items() if (folder / "ledger.db").exists()]
    assert begun and whole
    running.quickstart("stop")
    try:
        for call in (begun[0], begun[-1]):
            ready, said = starts(running, folders[call])
            assert not ready and "ledger" in said and "restore" in said, said
        ready, said = starts(running, folders[whole[0]])
        assert ready, said
    finally:
        running.start()
