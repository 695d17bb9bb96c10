import json
import os
import shutil
import subprocess

import pytest

from tests.support.running import Running


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        assert self.code == 0, self.err + self.out
        return json.loads(self.out)


def chancery(*arguments, **more):
    return Result(subprocess.run([os.environ["CHANCERY"], *map(str, arguments)], capture_output=True, text=True, timeout=120,
                                 stdin=subprocess.DEVNULL, **more))


def ledger_of(running):
    return running.folder / "ledger/ledger.db"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("chancery"))
    yield made
    made.quickstart("stop")


@pytest.fixture(scope="module")
def taken(running, tmp_path_factory):
    """One good backup, not to be changed."""
    folder = tmp_path_factory.mktemp("backups") / "good"
    assert chancery("backup", "--ledger", ledger_of(running), "--to", folder).code == 0
    return folder


@pytest.fixture
def copy(taken, tmp_path):
    """One to be spoilt."""
    return shutil.copytree(taken, tmp_path / "copy")
