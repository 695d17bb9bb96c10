"""Which token, whose shares: decided before a PIN is made or tried, and never at the price of a token in use."""
import shutil

import pytest

from ceremony_table import Table, says, without_network
from conftest import MODULE

LABEL = "example-root-g1"


@pytest.fixture
def table(bench):
    return Table(bench)


def tokens(table):
    return {folder for folder in (table.bench.folder / "hsm/tokens").iterdir() if folder.is_dir()}


class Removable:
    """The token that a step makes, out of the machine while the block runs; fresh ones are always there."""

    def __init__(self, table, folders):
        self.folder, = folders
        self.aside = table.folder / "token-aside"

    def __enter__(self):
        shutil.move(self.folder, self.aside)

    def __exit__(self, *_):
        shutil.move(self.aside, self.folder)


def interrupted(table):
    """The root is made, its certificate could not be written."""
    before = tokens(table)
    (table.out() / "root.pem").mkdir(parents=True)
    assert table.root().code == 1
    (table.out() / "root.pem").rmdir()
    return Removable(table, tokens(table) - before)


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_shares_of_a_token_in_use_are_kept_when_another_token_is_there(table):
    """A fresh token in the place of the ceremony's own: nothing is made for it, nobody is told to wipe a share."""
    token = interrupted(table)
    shares = contents(table.share(1).parent)
    state = table.folder / "state-rehearsal"
    with token:
        for more in ([], table.shares(1, 2)):
            answer = table.root(*more)
            says(answer, f"this ceremony's token is not here: '{LABEL}', serial ", "keep the shares", "no PIN was made")
            assert "shred" not in answer.err and contents(table.share(1).parent) == shares
        (state / "ceremony.json").rename(table.folder / "memory")
        says(table.root(), "this ceremony's token is not here", "keep the shares")
        state.rename(table.folder / "elsewhere")  # the transcript remembers as well
        says(table.root(), "this ceremony's token is not here", "keep the shares")
        assert not state.exists() and contents(table.share(1).parent) == shares
        (table.folder / "elsewhere").rename(state)
        (table.folder / "memory").rename(state / "ceremony.json")
    says(table.root(), "no share was given", "it is this ceremony's: keep it")
    done = table.root(*table.shares(1, 2))
    assert done.code == 0, done.err
    table.countersign()
    assert table.verify().code == 0


def test_shares_of_which_nothing_is_remembered_are_not_called_useless(table):
    token = interrupted(table)
    shares = contents(table.share(1).parent)
    for folder in ("state-rehearsal", "out-rehearsal"):
        shutil.rmtree(table.folder / folder)
    with token:
        says(table.root(), "the folder for the shares is not empty", "keep them until it is sure", "put in the token")
        says(table.root(*table.shares(1, 2)), "shares were given, and there is no token", "keep the shares", "no PIN was made")
    assert contents(table.share(1).parent) == shares


@pytest.mark.parametrize("written, wrong, told", [
    ("model: SoftHSM v2 ", "model: LunaK7 ", "model 'LunaK7'"), ("manufacturer: SoftHSM project", "manufacturer: Other", "manufacturer 'Other'"),
    ('# serial: "0123456789abcdef"', 'serial: "0123456789abcdef"', "serial '0123456789abcdef'")])
@pytest.mark.skipif(not without_network(), reason="optional: no network namespace of one's own here")
def test_no_pin_is_made_for_another_token_than_the_scripts(bench, written, wrong, told):
    table = Table(bench, rehearse=False)
    table.script.write_text(table.script.read_text().replace(written, wrong))
    before = tokens(table)
    says(table.root(), "the token without initialisation has model 'SoftHSM v2'", "the script says ", told, "no PIN was made")
    assert not table.share(1).parent.exists() and not (table.folder / "state").exists() and tokens(table) == before


def test_shares_of_another_ceremony_cost_no_attempt(table):
    """As many as are needed, all of one set, such as a rehearsal's: the token's set is remembered."""
    table.held()
    table.subordinate()
    other = Table(table.bench, "another-root")
    assert other.root().code == 0
    answer = table.run("sign-subordinate", *other.shares(1, 2))
    says(answer, "is of another ceremony: this root's shares are of set ", "another-root/shares", "no PIN was tried")
    slots = table.bench.run("hsm", "list-slots", "--module", MODULE, "--output", "json").json()["slots"]
    assert {slot["token"]["user_pin"] for slot in slots if slot["token"]["label"] == LABEL} == {"set"}
    assert table.run("sign-subordinate", *table.shares()).code == 0
