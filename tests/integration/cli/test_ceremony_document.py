"""docs/ceremony.md: its commands, in its order, each section in a shell of its own as on a day of its own, as a rehearsal."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ceremony_table import now, restored_pins_of
from conftest import SOURCE

DOCUMENT = (SOURCE / "docs/ceremony.md").read_text()
PROGRAMS = Path(os.environ["CHANCERY_BIN_DIR"])


def sections():
    """The commands of each numbered section that has some."""
    for section in re.split(r"^## ", DOCUMENT, flags=re.M)[1:]:
        blocks = re.findall(r"^```bash\n(.*?)^```$", section, re.M | re.S)
        if blocks:
            yield section.splitlines()[0], "\n".join(blocks)


class Places:
    """What the document calls a clone, /mnt, /opt and /media, in one folder; the custodians' media are mounted."""

    def __init__(self, bench):
        self.bench, self.folder = bench, bench.folder
        self.clone = self.folder / "clone"
        for name in ("scripts", "config", "docs"):
            shutil.copytree(SOURCE / name, self.clone / name)
        (self.clone / "build").mkdir()
        (self.clone / "build/release").symlink_to(PROGRAMS.parent)
        (self.folder / "opt").mkdir()
        (self.folder / "mnt").symlink_to(self.clone / "medium")
        for role in ("custodian-1", "custodian-2", "custodian-3"):
            (self.folder / "media" / role).mkdir(parents=True)
        self.room = self.folder / "opt/chancery/share/chancery"

    def typed(self, commands, *arguments, folder=None, **variables):
        here = re.sub(r"(?<![\w.])/(?=(mnt|opt|media)\b)", f"{self.folder}/", commands)
        environment = {name: value for name, value in self.bench.environment.items() if not name.startswith("CHANCERY")}
        return subprocess.run(["bash", "-euo", "pipefail", "-c", here, "document", *map(str, arguments)], cwd=folder or self.clone,
                              env={**environment, "MODE": "--rehearse", "CLOCK": now(), **variables}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300)

    def passed(self, *words, **named):
        done = self.typed(*words, **named)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        return done


@pytest.fixture
def places(bench):
    return Places(bench)


def keys_of(places):
    """Whoever is a custodian has the private key where the document types its name."""
    for role in ("custodian-1", "custodian-2", "custodian-3"):
        shutil.copy(places.clone / role, places.room / role)


def test_the_ceremony_runs_from_its_document_alone(places):
    done = {}
    days = dict(sections())
    numbers = [name.split(".")[0] for name in days]
    assert numbers == [*"12345678", "10"]
    for name, commands in days.items():
        number = name.split(".")[0]
        if number == "7":
            for step in ("out-rehearsal/root", "day-2-rehearsal/sign-subordinate", "day-3-rehearsal/revoke-subordinate"):
                places.passed(commands, places.room / "ceremony/keys", folder=places.room / "ceremony" / step)
            continue
        done[number] = places.passed(commands, CSR=str(places.bench.csr("subordinate")))
        if number == "2":
            keys_of(places)
            (places.room / "ceremony/shares").mkdir()
    trusted = "this is the (ceremony's transcript|transcript of a REHEARSAL)"
    assert [len(re.findall(trusted, done[number].stdout)) for number in "13456"] == [2, 1, 1, 1, 3]
    assert "crlNumber=" in done["5"].stdout and "refused: it is revoked" in done["5"].stdout
    assert (places.room / "ceremony/rotated/bundle.pem").read_text().count("BEGIN CERTIFICATE") == 2
    # Nothing of the shares stays where they were made.
    assert not [file for file in (places.room / "ceremony/shares-rehearsal").rglob("*") if file.is_file()]
    shares = [places.folder / f"media/custodian-{number}/custodian-{number}.share" for number in (1, 3)]
    assert (places.room / "ceremony/shares/pins").read_text() == "".join(restored_pins_of(places.folder, *shares))


def test_every_script_that_the_document_names_is_there(places):
    for name in re.findall(r"scripts/ceremony/[a-z-]+", DOCUMENT):
        assert os.access(SOURCE / name, os.X_OK), name


def test_the_packages_of_the_document_are_those_that_the_program_and_the_commands_need(places):
    said = DOCUMENT.split("`medium/packages` says: ")[1].split(". Fetch")[0]
    said = sorted(re.sub(r"\(.*?\)", "", said).replace(",", " ").split())
    listed = places.passed('. scripts/packages.sh; { printf "%s\\n" "${offline_packages[@]}"; '
                           "library_packages build/release/bin/chancery; } | sort -u").stdout.split()
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    if release["VERSION_ID"].strip('"') == "12":
        assert said == sorted(listed)
    needed = {subprocess.run(["dpkg-query", "--search", f"*bin/{tool}"], capture_output=True, text=True).stdout.split(":")[0]
              for tool in ("openssl", "jq", "ssh-keygen", "qrencode", "ip", "softhsm2-util", "gfcombine")}
    assert needed - {""} <= set(listed)
    linked = subprocess.run(["ldd", PROGRAMS / "chancery"], capture_output=True, text=True, check=True).stdout
    direct = subprocess.run(["readelf", "-d", PROGRAMS / "chancery"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", direct):
        assert library in linked
        package = subprocess.run(["dpkg-query", "--search", f"*/{library}"], capture_output=True, text=True, check=True)
        assert package.stdout.split(":")[0] in listed, library


def test_an_installed_folder_has_what_the_document_types_and_nothing_for_developers(places):
    places.passed(dict(sections())[next(name for name in dict(sections()) if name.startswith("1."))])
    places.passed(re.search(r"^cmake --install .*$", DOCUMENT, re.M)[0])
    chancery = places.clone / "medium/chancery"
    for name in {*re.findall(r"scripts/ceremony/[a-z-]+", DOCUMENT), "scripts/ceremony/common.sh"}:
        assert (chancery / "share/chancery" / name).is_file(), name
        assert os.access(chancery / "share/chancery" / name, os.X_OK) == (not name.endswith(".sh")), name
    for name in ("chancery", "chanceryd"):
        assert subprocess.run([chancery / "bin" / name, "--help"], capture_output=True).returncode == 0
    assert (chancery / "share/chancery/config/samples/ceremony-root.yaml").is_file()
    assert (chancery / "share/chancery/docs/ceremony.md").is_file()
    assert not (chancery / "share/chancery/scripts/ceremony/development").exists()
