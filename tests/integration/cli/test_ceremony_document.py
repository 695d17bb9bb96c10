"""docs/ceremony.md: its commands, in its order, on an empty folder, as a rehearsal."""
import os
import re
import shutil
import subprocess

from ceremony_table import now
from conftest import SOURCE


def test_the_ceremony_runs_from_its_document_alone(bench):
    text = (SOURCE / "docs/ceremony.md").read_text()
    blocks = [block for block in re.findall(r"```bash\n(.*?)```", text, re.S) if "previous=" not in block]
    assert len(blocks) >= 8
    folder = bench.folder / "clean"
    for part in ("scripts/ceremony", "config/samples"):
        shutil.copytree(SOURCE / part, folder / part)
    csr = bench.csr("subordinate")
    programs = bench.folder / "bin"
    programs.mkdir()
    (programs / "chancery").symlink_to(os.environ["CHANCERY"])
    environment = {**bench.environment, "PATH": f"{programs}:{os.environ['PATH']}", "MODE": "--rehearse", "CLOCK": now(),
                   "CSR": str(csr)}
    environment.pop("CHANCERY", None)
    done = subprocess.run(["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)], cwd=folder, env=environment,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert done.stdout.count("this is the transcript of a REHEARSAL") == 4  # two of scripts/ceremony/rehearse
    assert "crlNumber=" in done.stdout and "verify OK" in done.stderr
    for name in re.findall(r"scripts/ceremony/[a-z-]+", text):
        assert os.access(SOURCE / name, os.X_OK), name
