"""scripts/test and scripts/check on a small checkout with programs that say what a test wants them to say."""
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.running import SOURCE, clean_environment

PASSED = """1/2 Test #1: unit_base: hex ............   Passed    0.01 sec
2/2 Test #2: cli: hsm ..................   Passed    0.50 sec

100% tests passed, 0 tests failed out of 2
"""
FAILED = PASSED.replace("100% tests passed, 0 tests failed", "50% tests passed, 1 tests failed")
SKIPPED = PASSED.replace("hex ............   Passed ", "hex ............***Skipped ")


class Checkout:
    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(SOURCE / "scripts", folder / "scripts")
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.program("cmake", "exit 0")
        self.program("dpkg-query", "printf 'ii '")
        (folder / "scripts/peers").write_text("#!/bin/bash\n")  # builds for minutes

    def program(self, name, body):
        (self.programs / name).write_text(f"#!/bin/bash\n{body}\n")
        (self.programs / name).chmod(0o755)

    def tests(self, answer, log="", code=0):
        """ctest prints the answer and leaves the log."""
        temporary = self.folder / "build/dev/Testing/Temporary"
        temporary.mkdir(parents=True)
        (temporary / "LastTest.log").write_text(log)
        (self.folder / "answer").write_text(answer)
        self.program("ctest", f'echo "$@" >{self.folder}/arguments; cat {self.folder}/answer; exit {code}')

    def run(self, script, *arguments):
        environment = clean_environment()
        environment["PATH"] = f"{self.programs}:{environment['PATH']}"
        return subprocess.run([self.folder / script, *arguments], env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path / "checkout")


@pytest.mark.parametrize("answer, log, code, last, status", [
    (PASSED, "", 0, "2 passed, 0 failed, 0 skipped", 0),
    (FAILED, "", 8, "1 passed, 1 failed, 0 skipped", 8),
    (SKIPPED, "", 0, "1 passed, 0 failed, 1 skipped", 1),
    (PASSED, "SKIPPED [2] tests/a.py:3: no token\nSKIPPED [1] tests/b.py:9: no aws\n", 0, "2 passed, 0 failed, 3 skipped", 1),
    (PASSED, "SKIPPED [4] tests/a.py:3: optional: no peer\n", 0, "2 passed, 0 failed, 4 skipped", 0),
    (PASSED, "SKIPPED [4] tests/a.py:3: optional: no peer\nSKIPPED [1] tests/b.py:9: not optional\n", 0,
     "2 passed, 0 failed, 5 skipped", 1),
])
def test_the_last_line_counts_and_the_exit_code_tells(checkout, answer, log, code, last, status):
    checkout.tests(answer, log, code)
    done = checkout.run("scripts/test")
    assert done.stdout.splitlines()[-1] == f"scripts/test: {last}", done.stdout + done.stderr
    assert done.returncode == status
    for line in log.splitlines():
        assert line in done.stdout


def test_a_peer_that_cannot_be_made_is_named_and_no_failure(tmp_path):
    made = Checkout(tmp_path / "checkout")
    shutil.copy(SOURCE / "scripts/peers", made.folder / "scripts/peers")
    shutil.copytree(SOURCE / "tests/interop/clients", made.folder / "tests/interop/clients")
    made.program("npm", "echo 'no such package'; exit 1")
    made.program("go", "echo 'go: too old'; exit 1")
    made.program("javac", "exit 1")
    made.program("pip3", "echo 'no such release'; exit 1")
    made.program("mvn", "echo '[ERROR] no such artifact'; exit 1")
    done = made.run("scripts/peers")
    assert done.returncode == 0
    assert "peers: spire is left out: go: too old" in done.stdout
    assert "peers: js is left out: no such package" in done.stdout
    assert "peers: go-sdk is left out: go: too old" in done.stdout
    assert "peers: java-sdk is left out: [ERROR] no such artifact" in done.stdout
    assert "peers: boto3 is left out: no such release" in done.stdout
    assert made.run("scripts/peers", "python").returncode == 2


def test_names_choose_labels(checkout):
    checkout.tests(PASSED)
    done = checkout.run("scripts/test", "unit", "fault")
    assert done.stdout.splitlines()[-1].endswith("skipped (unit fault)")
    assert "-L ^(unit|fault)$" in (checkout.folder / "arguments").read_text()


def test_no_test_is_no_success(checkout):
    checkout.tests("No tests were found!!!\n", code=8)
    done = checkout.run("scripts/test")
    assert done.returncode != 0 and "no test ran" in done.stderr


def test_the_clients_that_ran_are_named(checkout):
    checkout.tests(PASSED)
    named = next(line for line in checkout.run("scripts/test").stdout.splitlines() if line.startswith("clients: "))
    for client in ("aws-cli/", "boto3 ", "curl ", "OpenSSL "):
        assert client in named


def test_a_rule_that_cannot_fail_is_shown_whole(checkout):
    for folder in ("pkcs11", "ca", "config", "daemon", "tests/architecture", ".ci"):
        (checkout.folder / folder).mkdir(parents=True)
    for name in ("check.py", "rules.py"):
        shutil.copy(SOURCE / "tests/architecture" / name, checkout.folder / "tests/architecture")
    (checkout.folder / "tests/architecture/self_test.py").write_text("raise SystemExit('this rule found nothing\\nin its broken tree')\n")
    done = checkout.run("scripts/check")
    assert done.returncode == 1
    assert "this rule found nothing\nin its broken tree" in done.stderr


def test_every_script_is_checked():
    """A script without the right first line would never meet shellcheck."""
    for script in [*(SOURCE / "scripts").rglob("*"), *(SOURCE / ".ci").iterdir()]:
        if script.is_file():
            text = Path(script).read_text(encoding="utf-8")
            assert text.startswith("#!/bin/bash\n") or "shellcheck shell=bash" in text, script
