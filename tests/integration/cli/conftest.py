"""A private SoftHSM and the two programs, for the tests of this folder."""
import json
import os
import subprocess
from pathlib import Path

import pytest

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
SOURCE = Path(os.environ["CHANCERY_SOURCE"])


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


class Workbench:
    """A folder with tokens; runs the programs with its SoftHSM."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "hsm/softhsm2.conf")}
        subprocess.run([SOURCE / "scripts/dev-softhsm", folder / "hsm", "root", "issuing"], check=True)

    def run(self, *arguments, program="CHANCERY", **more):
        words = [os.environ[program], *map(str, arguments)]
        return Result(subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=120,
                                     stdin=subprocess.DEVNULL, **more))

    def finished(self, words):
        """Any program of the tree, with this SoftHSM."""
        return Result(subprocess.run([*map(str, words)], env=self.environment, capture_output=True, text=True, timeout=120,
                                     stdin=subprocess.DEVNULL))

    def pin(self, token="root"):
        return self.folder / f"hsm/{token}.pin"

    def token(self, token="root"):
        return ["--module", MODULE, "--token", token, "--pin-source", f"file:{self.pin(token)}"]

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def pkcs11_objects(self, token):
        """What OpenSC finds on the token."""
        return subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", token, "--login", "--pin",
                               self.pin(token).read_text().strip(), "--list-objects"], env=self.environment,
                              capture_output=True, text=True, check=True).stdout

    def csr(self, name, subject="/CN=Example Subordinate"):
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                     "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.csr")
        return self.folder / f"{name}.csr"


@pytest.fixture
def bench(tmp_path):
    return Workbench(tmp_path)


class Plain(Workbench):
    """A folder and the programs, for what needs no token."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ)


@pytest.fixture
def plain(tmp_path):
    return Plain(tmp_path)
