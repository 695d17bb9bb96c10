"""A run that was interrupted, anywhere: the next one goes on and ends well."""
import os
import shutil
import signal
import subprocess

import pytest

from tests.support.running import Running

# Each appears when a step is done, or half done, and stays.
STEPS = [".chancery-dev", "credentials/admin.id", "chancery.yaml", "chanceryd.pid",
         "ceremony/state/ledger.db", "ceremony/subordinate.arn", "ceremony/subordinate.pem", "ceremony/issuance.json",
         "issued/device.pem"]


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_run_is_taken_up(development, step):
    first = development.begun()
    Running.wait_for(lambda: (development.folder / step).exists() or first.poll() is not None, step)
    # The daemon has a session of its own and lives on, as after Ctrl-C.
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    goes_on(development)


@pytest.mark.parametrize("token", ["not yet made", "made"])
def test_a_run_killed_while_it_makes_a_token_is_taken_up(development, tmp_path, token):
    """The PIN is written and not yet in its place; the token may hold it already."""
    killing = tmp_path / "bin"
    killing.mkdir()
    command = killing / "softhsm2-util"
    command.write_text(f"""#!/bin/bash
[ "{token}" = "not yet made" ] || {shutil.which("softhsm2-util")} "$@"
kill -KILL 0
""")
    command.chmod(0o755)
    first = development.begun(PATH=f"{killing}:{os.environ['PATH']}")
    assert first.wait(timeout=60) == -signal.SIGKILL
    assert list((development.folder / "softhsm").glob("*.pin.new"))
    goes_on(development)


def goes_on(development):
    assert "Chancery runs" in development.good()
    for leaf in ("device", "server"):
        issued = development.folder / "issued" / leaf
        subprocess.run(["openssl", "verify", "-CAfile", development.folder / "ceremony/root.pem", "-untrusted",
                        f"{issued}-chain.pem", f"{issued}.pem"], check=True, capture_output=True)


def test_ctrl_c_ends_it_at_once(development):
    first = development.begun()
    Running.wait_for(lambda: (development.folder / "chanceryd.pid").exists(), "the daemon")
    os.killpg(first.pid, signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode != 0
    development.good()


def test_two_at_once_do_not_meet(development, tmp_path):
    """The first one stands at its first token until the second one has been refused."""
    programs, reached, gate = tmp_path / "bin", tmp_path / "reached", tmp_path / "gate"
    programs.mkdir()
    os.mkfifo(gate)
    command = programs / "softhsm2-util"
    command.write_text(f"""#!/bin/bash
[ -e "{reached}" ] || {{ touch "{reached}"; cat "{gate}"; }}
exec {shutil.which("softhsm2-util")} "$@"
""")
    command.chmod(0o755)
    first = development.begun(PATH=f"{programs}:{os.environ['PATH']}")
    Running.wait_for(reached.exists, "the first token")
    try:
        second = development.run()
    finally:
        gate.write_text("")
    assert second.returncode == 1 and "another quickstart" in second.stderr
    printed, _ = first.communicate(timeout=600)
    assert first.returncode == 0, printed
    development.good()  # the daemon does not hold the lock
