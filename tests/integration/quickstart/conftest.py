"""A development folder of a test's own, and scripts/quickstart run on it."""
import subprocess

import pytest

from tests.support.running import SOURCE, clean_environment, free_port

COMMAND = SOURCE / "scripts/quickstart"


def three_ports():
    return {f"CHANCERY_{name}_PORT": free_port() for name in ("API", "STATUS", "OPS")}


class Development:
    def __init__(self, folder):
        self.folder = folder
        self.environment = clean_environment(CHANCERY_DEV_DIR=folder, **three_ports())

    def environment_with(self, more):
        return {name: str(value) for name, value in {**self.environment, **more}.items() if value is not None}

    def run(self, *arguments, **more):
        """The end of quickstart: returncode, stdout, stderr. `more` changes the environment, None takes a name away."""
        return subprocess.run([COMMAND, *arguments], env=self.environment_with(more), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600)

    def good(self, *arguments, **more):
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begun(self, **more):
        """quickstart in a process group of its own, to be interrupted."""
        return subprocess.Popen([COMMAND], env=self.environment_with(more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                stdin=subprocess.DEVNULL, start_new_session=True)

    @property
    def pid(self):
        return int((self.folder / "chanceryd.pid").read_text())


@pytest.fixture
def development(tmp_path):
    made = Development(tmp_path / "dev")
    yield made
    made.run("stop")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One that is up, for tests that only look."""
    made = Development(tmp_path_factory.mktemp("quickstart") / "dev")
    made.printed = made.good()
    yield made
    made.run("stop")
