"""A table with a ceremony on it: the sample script, keys for its roles, a SoftHSM of its own."""
import datetime
import os
import re
import shutil
import subprocess
import tempfile
import weakref
from pathlib import Path

from conftest import SOURCE

ALL = "custodian-1,custodian-2,custodian-3,witness-1"
TWO = "custodian-1,custodian-3,witness-1"


def now(offset_minutes=0):
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=offset_minutes)
    return time.strftime("%Y-%m-%dT%H:%MZ")


def new_key(file):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file], check=True)
    return file.with_suffix(".pub").read_text()


def restored_pins(table, *numbers):
    """What plain gfcombine makes of the share files: user PIN and security officer's PIN."""
    pins = restored_pins_of(table.folder, *(table.share(number) for number in numbers))
    return pins[:32], pins[32:]


def restored_pins_of(folder, *shares):
    names = []
    for share in shares:
        text = share.read_text()
        lines = [line.split() for line in text.splitlines() if re.match(r"\d+ ", line)]
        name = folder / f"raw.{int(re.search(r'(?m)^share +([0-9]+) of ', text)[1]):03}"
        name.write_bytes(bytes.fromhex("".join("".join(line[1:-1]) for line in lines)))
        names.append(name)
    subprocess.run(["gfcombine", "-o", folder / "pins", *names], check=True)
    return (folder / "pins").read_text()


def says(answer, *words):
    assert answer.code == 1, answer.out + answer.err
    for word in words:
        assert word in answer.err, answer.err
    assert "\n  not done: " in answer.err and "\n  do:    " in answer.err, answer.err
    assert "\n  code:" not in answer.err, answer.err


def without_network():
    """What runs a command where no interface is up; None where that is not permitted."""
    ways = (["unshare", "--net"], ["unshare", "--map-root-user", "--net"])
    return next((way for way in ways if subprocess.run([*way, "true"], capture_output=True).returncode == 0), None)


class Table:
    def __init__(self, bench, name="example-root-g1", rehearse=True):
        """Not a rehearsal: everything runs where no network interface is up."""
        self.bench, self.folder, self.rehearse = bench, bench.folder / name, rehearse
        self.suffix, self.wrap = ("-rehearsal", []) if rehearse else ("", without_network())
        self.shares_folder = self.folder / "shares-rehearsal"
        (self.folder / "keys").mkdir(parents=True)
        (self.folder / "in").mkdir()
        sample = (SOURCE / "config/samples/ceremony-root.yaml").read_text()
        self.script = self.folder / "ceremony.yaml"
        self.script.write_text(sample.replace("example-root-g1", name))
        if not rehearse:
            self.shares_in_memory()
        for role in ("custodian-1", "custodian-2"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", role, "-f", self.folder / f"{role}.key"],
                           check=True)
            (self.folder / f"{role}.key.pub").rename(self.folder / f"keys/{role}.pub")
        bench.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      "/CN=custodian-3", "-keyout", self.folder / "custodian-3.key", "-out", self.folder / "keys/custodian-3.pub")

    def shares_in_memory(self):
        """As on the day: no share is written to a disk."""
        memory = tempfile.mkdtemp(prefix="chancery-shares-", dir="/dev/shm")
        weakref.finalize(self, shutil.rmtree, memory, ignore_errors=True)
        self.shares_folder = Path(memory) / "shares"
        self.script.write_text(self.script.read_text().replace("shares: shares ", f"shares: {self.shares_folder} "))

    def run(self, step, *more, present=TWO, clock=None, rehearse=None, wrap=None, script=None):
        rehearse = self.rehearse if rehearse is None else rehearse
        words = [*(self.wrap if wrap is None else wrap), os.environ["CHANCERY"], "hsm", "key-ceremony", "--script",
                 script or self.script, "--step", step, "--clock-confirmed", clock or now(), "--present", present,
                 *(["--rehearse"] if rehearse else []), *more]
        return self.bench.finished(words)

    def root(self, *more, **named):
        return self.run("root", *more, **{"present": ALL, **named})

    def out(self, step="root"):
        return self.folder / f"out{self.suffix}" / step

    def share(self, number):
        return self.shares_folder / f"custodian-{number}.share"

    def shares(self, *numbers):
        return ["--share", ",".join(str(self.share(number)) for number in numbers or (1, 3))]

    def tool(self, name, *arguments):
        return self.bench.finished([*self.wrap, SOURCE / "scripts/ceremony" / name, *arguments])

    def countersign(self, step="root", roles=(1, 2, 3), folder=None):
        for number in roles:
            done = self.tool("countersign", folder or self.out(step), f"custodian-{number}",
                             self.folder / f"custodian-{number}.key")
            assert done.code == 0, done.err

    def verify(self, step="root", *more, script=None, folder=None):
        return self.bench.run("ceremony", "verify", "--script", script or self.script, "--folder", folder or self.out(step),
                              *more)

    def subordinate(self, subject="/CN=Example Subordinate"):
        csr = self.bench.csr("sub", subject)
        (self.folder / "in/subordinate.csr").write_bytes(csr.read_bytes())

    def held(self):
        """A root with all that belongs to it."""
        made = self.root()
        assert made.code == 0, made.out + made.err
        self.countersign()
        return made
