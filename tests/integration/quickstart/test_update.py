"""After a git pull: the new program runs, not the old process."""
import re
import shutil
from pathlib import Path

import pytest

from tests.support.running import is_gone


@pytest.fixture
def programs(tmp_path, development):
    """A copy of the build that a test may replace, as a linker does: a new file under the old name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("chanceryd", "chancery"):
        shutil.copy(Path(development.environment["CHANCERY_BIN_DIR"]) / name, folder)
    development.environment["CHANCERY_BIN_DIR"] = str(folder)
    return folder


def replaced(file):
    shutil.copy(file, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def test_a_program_that_was_built_anew_replaces_the_process(development, programs):
    development.good()
    pid = development.pid
    replaced(programs / "chanceryd")
    printed = development.good()
    assert re.search(rf"^restart +.*{pid}.*program", printed, re.M), printed
    assert development.pid != pid and is_gone(pid)


def test_the_same_program_goes_on(development, programs):
    development.good()
    pid = development.pid
    assert "restart" not in development.good()
    assert development.pid == pid
