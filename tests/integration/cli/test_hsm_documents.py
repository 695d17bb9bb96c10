"""docs/hsm: the commands that need no other HSM than SoftHSM."""
import os
import re
import subprocess

from conftest import SOURCE


def test_the_commands_of_the_softhsm_page_work(bench):
    block = re.search(r"```bash\n(.*?)```", (SOURCE / "docs/hsm/softhsm.md").read_text(), re.S)[1]
    (bench.folder / "scripts").symlink_to(SOURCE / "scripts")
    script = f"set -euo pipefail\nchancery() {{ '{os.environ['CHANCERY']}' \"$@\"; }}\n{block}"
    done = subprocess.run(["bash", "-c", script], cwd=bench.folder, env=bench.environment, capture_output=True, text=True)
    assert done.returncode == 0 and "proven" in done.stdout, done.stdout + done.stderr


def test_every_verb_that_the_pages_name_is_there(bench):
    for page in [*(SOURCE / "docs/hsm").glob("*.md"), SOURCE / "docs/ceremony.md"]:
        for group, verb in re.findall(r"chancery (hsm|ceremony) ([a-z-]+)", page.read_text()):
            assert bench.run(group, verb, "--help").code == 0, (page.name, group, verb)
