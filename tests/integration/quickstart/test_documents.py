"""What README and docs tell to type works, and what they show is what comes."""
import json
import os
import re
import subprocess

import pytest

from tests.support.running import AWS, SOURCE

DOCUMENTS = [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]
# Their commands need no daemon, and belong together from first to last: tests/integration/cli runs them.
OF_ANOTHER_TEST = {SOURCE / "docs/ceremony.md", SOURCE / "docs/hsm/softhsm.md"}


def blocks(language):
    """Every fenced block of that language as a test's parameter, named by its place."""
    for document in DOCUMENTS:
        if document in OF_ANOTHER_TEST:
            continue
        text = document.read_text(encoding="utf-8")
        for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S):
            line = text.count("\n", 0, found.start()) + 1
            yield pytest.param(found[1], id=f"{document.relative_to(SOURCE)}:{line}")


@pytest.fixture
def checkout(running, tmp_path):
    """A folder that looks like the checkout after quickstart: dev/ is the running one."""
    for entry in SOURCE.iterdir():
        if entry.name not in {"dev", "build", ".git"}:
            (tmp_path / entry.name).symlink_to(entry)
    (tmp_path / "dev").symlink_to(running.folder)
    (tmp_path / "build/release").mkdir(parents=True)
    (tmp_path / "build/release/bin").symlink_to(os.environ["CHANCERY_BIN_DIR"])
    return tmp_path


def typed(commands, folder, running):
    path = f"{os.path.dirname(AWS)}:{os.environ['PATH']}"
    return subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=folder, env={**running.environment, "PATH": path},
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


@pytest.mark.parametrize("block", blocks("bash"))
def test_a_block_of_commands_runs(running, checkout, block):
    done = typed(block, checkout, running)
    assert done.returncode == 0, done.stdout + done.stderr
    secrets = [file.read_text().strip() for file in (running.folder / "credentials").glob("*.secret")]
    assert not any(secret in block for secret in secrets)


@pytest.mark.parametrize("block", blocks("json"))
def test_json_is_json(block):
    json.loads(block)


def test_every_fence_says_what_it_is():
    for document in DOCUMENTS:
        fences = re.findall(r"^```(.*)$", document.read_text(encoding="utf-8"), re.M)
        assert set(fences[::2]) <= {"bash", "console", "yaml", "json", "text"}, document
        assert set(fences[1::2]) <= {""}, document


def test_the_first_screen_shows_what_quickstart_prints(running):
    shown = next(blocks("console")).values[0].split("$ scripts/quickstart", 1)[1].split("\n$ ", 1)[0].splitlines()[1:]
    assert len(shown) > 10
    printed = iter([shape(line, running.folder) for line in running.printed.splitlines()])
    for line in shown:
        # Programs that are built already are not built again here.
        if line != "..." and not line.startswith("build "):
            assert any(shape(line, "~/chancery/dev") == other for other in printed), f"not printed, or not in this order: {line}"


def shape(line, folder):
    line = line.replace(str(folder), "FOLDER")
    return re.sub(r":\d+\b|\(process \d+\)", lambda found: re.sub(r"\d+", "N", found[0]), line)


def test_what_quickstart_says_to_try_next_works(running, tmp_path):
    commands = running.printed.split("Try next:\n", 1)[1]
    assert len(commands.strip().splitlines()) == 4
    done = typed(commands, tmp_path, running)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ListCertificateAuthorities" in done.stdout or "CertificateAuthorities" in done.stdout
    assert re.search(r"CN ?= ?service\.example", done.stdout)  # OpenSSL 3.0 and 3.5
