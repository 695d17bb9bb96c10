"""A table with a ceremony on it: the sample script, keys for its roles, a SoftHSM of its own."""
import datetime
import os
import subprocess

from conftest import SOURCE

ALL = "custodian-1,custodian-2,custodian-3,witness-1"
TWO = "custodian-1,custodian-3,witness-1"


def now(offset_minutes=0):
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=offset_minutes)
    return time.strftime("%Y-%m-%dT%H:%MZ")


class Table:
    def __init__(self, bench, name="example-root-g1"):
        self.bench, self.folder = bench, bench.folder / name
        (self.folder / "keys").mkdir(parents=True)
        (self.folder / "in").mkdir()
        sample = (SOURCE / "config/samples/ceremony-root.yaml").read_text()
        self.script = self.folder / "ceremony.yaml"
        self.script.write_text(sample.replace("example-root-g1", name))
        for role in ("custodian-1", "custodian-2"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", role, "-f", self.folder / f"{role}.key"],
                           check=True)
            (self.folder / f"{role}.key.pub").rename(self.folder / f"keys/{role}.pub")
        bench.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      "/CN=custodian-3", "-keyout", self.folder / "custodian-3.key", "-out", self.folder / "keys/custodian-3.pub")

    def run(self, step, *more, present=TWO, clock=None, rehearse=True, wrap=()):
        words = [*wrap, os.environ["CHANCERY"], "hsm", "key-ceremony", "--script", self.script, "--step", step,
                 "--clock-confirmed", clock or now(), "--present", present, *(["--rehearse"] if rehearse else []), *more]
        return self.bench.finished(words)

    def root(self, *more, **named):
        return self.run("root", *more, **{"present": ALL, **named})

    def out(self, step="root"):
        return self.folder / "out-rehearsal" / step

    def share(self, number):
        return self.folder / f"shares-rehearsal/custodian-{number}.share"

    def shares(self, *numbers):
        return ["--share", ",".join(str(self.share(number)) for number in numbers or (1, 3))]

    def tool(self, name, *arguments):
        return self.bench.finished([SOURCE / "scripts/ceremony" / name, *arguments])

    def countersign(self, step="root", roles=(1, 2, 3)):
        for number in roles:
            done = self.tool("countersign", self.out(step), f"custodian-{number}", self.folder / f"custodian-{number}.key")
            assert done.code == 0, done.err

    def verify(self, step="root", *more):
        return self.bench.run("ceremony", "verify", "--script", self.script, "--folder", self.out(step), *more)

    def subordinate(self, subject="/CN=Example Subordinate"):
        csr = self.bench.csr("sub", subject)
        (self.folder / "in/subordinate.csr").write_bytes(csr.read_bytes())

    def held(self):
        """A root with all that belongs to it."""
        made = self.root()
        assert made.code == 0, made.out + made.err
        self.countersign()
        return made
