"""New shares for a token in use: a share that was lost, a custodian who leaves, another threshold."""
import json
import re
import shutil
import subprocess

import pytest

from ceremony_table import ALL, Table, new_key, now, restored_pins, says, without_network
from conftest import MODULE, SOURCE

LABEL = "example-root-g1"


class Renewal:
    """A root whose custodian-3 has left: custodian-4 comes, and all three are needed from now on."""

    def __init__(self, bench, rehearse=True):
        self.table = table = Table(bench, rehearse=rehearse)
        table.held()
        table.subordinate()
        self.old_folder, self.old_pins = table.shares_folder, restored_pins(table, 1, 2)
        self.old = [str(table.share(number)) for number in (1, 2)]
        (table.folder / "keys/custodian-4.pub").write_text(new_key(table.folder / "custodian-4"))
        (table.folder / "custodian-4").rename(table.folder / "custodian-4.key")
        name = table.shares_folder.name.removesuffix(table.suffix)
        self.old_script, self.text = table.script, table.script.read_text()
        self.text = re.sub(r"(?m)^(shares: \S+)", r"\1-2", self.text).replace("custodian-3", "custodian-4").replace("threshold: 2", "threshold: 3")
        self.text = self.text.replace("output: out", "output: day2")
        table.script = table.folder / "day2.yaml"
        table.script.write_text(self.text)
        self.new_folder = self.old_folder.parent / f"{name}-2{table.suffix}"
        self.out = table.folder / f"day2{table.suffix}/renew-shares"
        self.state = table.folder / f"state{table.suffix}/ceremony.json"

    def new(self, *numbers):
        return [str(self.new_folder / f"custodian-{number}.share") for number in numbers or (1, 2, 4)]

    def run(self, shares):
        return self.table.tool("renew-shares", self.table.script, *self.when(), "--share", ",".join(shares),
                               *(["--rehearse"] if self.table.rehearse else []))

    def when(self):
        return now(), ALL.replace("custodian-3", "custodian-4")

    def written(self):
        done = self.run(self.old)
        assert done.code == 0 and "the new shares open nothing yet" in done.out, done.out + done.err
        return done

    def signs(self, shares, script=None):
        """Whether shares open the token, by a signature."""
        present = "custodian-1,custodian-2,custodian-4,witness-1" if script is None else "custodian-1,custodian-2,witness-1"
        return self.table.run("sign-subordinate", "--share", ",".join(shares), script=script, present=present)

    def new_pins(self):
        self.table.shares_folder = self.new_folder
        return restored_pins(self.table, 1, 2, 4)

    def remembers(self, **changes):
        self.state.write_text(json.dumps({**json.loads(self.state.read_text()), **changes}))

    def attempts(self):
        """What the token says about PINs that failed."""
        slots = self.table.bench.run("hsm", "list-slots", "--module", MODULE, "--output", "json").json()["slots"]
        return {slot["token"]["user_pin"] for slot in slots if slot["token"]["label"] == LABEL}


@pytest.fixture
def renewal(bench):
    return Renewal(bench)


def test_a_custodian_leaves_and_the_old_shares_open_nothing_more(renewal):
    table = renewal.table
    renewal.written()
    assert sorted(file.name for file in renewal.new_folder.iterdir()) == ["custodian-1.share", "custodian-2.share", "custodian-4.share"]
    early = renewal.signs(renewal.new())
    says(early, "is of another ceremony", "no PIN was tried")  # not theirs yet
    assert renewal.signs(renewal.old, renewal.old_script).code == 0
    done = renewal.run(renewal.old + renewal.new())
    assert done.code == 0, done.out + done.err
    assert "the old shares open this token no more" in done.out
    user, officer = renewal.new_pins()
    assert len({user, officer, *renewal.old_pins}) == 4
    for words in (["--pin", user, "--list-objects"], ["--login-type", "so", "--so-pin", officer, "--change-pin", "--new-pin", officer]):
        opened = subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", *words], env=table.bench.environment,
                                capture_output=True, text=True)
        assert opened.returncode == 0, opened.stderr
    for secret in (user, officer, *renewal.old_pins):
        assert secret not in done.out + done.err + (renewal.out / "transcript.jsonl").read_text()
    for number in (1, 2, 4):
        signed = table.tool("countersign", renewal.out, f"custodian-{number}", table.folder / f"custodian-{number}.key")
        assert signed.code == 0, signed.err
    checked = table.verify(folder=renewal.out)
    assert checked.code == 0 and "renew-shares of example-root-g1, " in checked.out, checked.out
    share = table.bench.run("ceremony", "check-share", renewal.new()[2], "--transcript", renewal.out / "transcript.jsonl")
    assert share.code == 0 and "is the share of custodian-4" in share.out, share.out + share.err
    old = table.bench.run("ceremony", "check-share", renewal.old[0], "--transcript", renewal.out / "transcript.jsonl")
    assert old.code == 3 and "of ANOTHER ceremony" in old.out, old.out
    says(renewal.signs(renewal.old), "is of another ceremony", "no PIN was tried")
    says(renewal.signs(renewal.new(1, 2)), "too few shares: 3 of 3")
    assert renewal.signs(renewal.new()).code == 0


@pytest.mark.parametrize("user, officer", [(False, False), (True, False), (True, True)])
def test_an_interruption_while_the_pins_are_set_is_gone_on_with(renewal, user, officer):
    """At most one login fails, whichever of the two PINs is set already."""
    renewal.written()
    new_user, new_officer = renewal.new_pins()
    for done, words, before, after in ((user, ["--login-type", "user", "--pin"], renewal.old_pins[0], new_user),
                                       (officer, ["--login-type", "so", "--so-pin"], renewal.old_pins[1], new_officer)):
        if done:
            subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", *words, before, "--change-pin", "--new-pin", after],
                           env=renewal.table.bench.environment, check=True, capture_output=True)
    renewal.remembers(setting=True)
    for shares in (renewal.old, renewal.new()):
        says(renewal.run(shares), "were being set when this step was interrupted", "--share OLD,OLD,NEW,NEW", "no PIN was tried")
    says(renewal.signs(renewal.old, renewal.old_script), "renew-shares was interrupted", "keep the old shares and the new ones", "no PIN was tried")
    shutil.rmtree(renewal.table.folder / "out-rehearsal/sign-subordinate", ignore_errors=True)
    done = renewal.run(renewal.old + renewal.new())
    assert done.code == 0, done.out + done.err
    assert renewal.signs(renewal.new()).code == 0 and renewal.attempts() == {"set"}
    assert renewal.new_pins() == (new_user, new_officer)


def test_a_renewal_that_stopped_before_its_transcript_was_closed_goes_on_with_the_new_shares(renewal):
    renewal.written()
    (renewal.out / "root.pem").mkdir()
    stopped = renewal.run(renewal.old + renewal.new())
    assert stopped.code == 1 and "root.pem" in stopped.err
    (renewal.out / "root.pem").rmdir()
    says(renewal.run(renewal.old + renewal.new()), "is of another ceremony", "no PIN was tried")
    done = renewal.run(renewal.new())
    assert done.code == 0 and '"closed":true' in (renewal.out / "transcript.jsonl").read_text(), done.err


def test_what_a_renewal_does_not_go_on_with(renewal):
    other = Table(renewal.table.bench, "another-root")
    assert other.root().code == 0
    says(renewal.run([str(other.share(1)), str(other.share(2))]), "is of another ceremony", "no PIN was tried")
    says(renewal.run(renewal.old[:1]), "too few shares: 2 of 3 are needed", "no PIN was tried")
    assert not any(renewal.new_folder.glob("*"))
    renewal.written()
    before = {file.name: file.read_bytes() for file in renewal.new_folder.iterdir()}
    says(renewal.run(renewal.old), "the folder for the shares is not empty", "hand them out and repeat the step with old and new")
    says(renewal.run(renewal.new()), "new shares were given, and no old ones", "no PIN was tried")
    says(renewal.run(renewal.old + renewal.new(1, 2)), "too few shares: 3 of 3 are needed")
    assert {file.name: file.read_bytes() for file in renewal.new_folder.iterdir()} == before
    shutil.rmtree(renewal.new_folder)  # a RAM disk after a power cut: nothing depended on them
    renewal.written()
    assert renewal.run(renewal.old + renewal.new()).code == 0


def test_shares_that_do_not_open_the_token_make_no_new_ones(renewal):
    subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", "--pin", renewal.old_pins[0], "--change-pin",
                    "--new-pin", "another-pin"], env=renewal.table.bench.environment, check=True, capture_output=True)
    says(renewal.run(renewal.old), "CKR_PIN_INCORRECT")
    assert not any(renewal.new_folder.glob("*"))


def read_only(folder):
    """What runs a command to which the folder cannot be changed; None where that is not permitted."""
    way = ["unshare", "--mount", "bash", "-c", f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} && exec \"$@\"", "bash"]
    return way if subprocess.run([*way, "true"], capture_output=True).returncode == 0 else None


def test_a_token_that_lets_no_pin_be_changed_stays_in_use(renewal):
    """C_SetPIN fails: the old shares go on, no other step waits for a renewal that cannot be."""
    renewal.written()
    wrap = read_only(renewal.table.bench.folder / "hsm/tokens")
    if wrap is None:
        pytest.skip("optional: no mount namespace of one's own here")
    renewal.table.wrap = wrap
    says(renewal.run(renewal.old + renewal.new()), "C_SetPIN", "no PIN was set: the old shares open the token")
    renewal.table.wrap = []
    assert not json.loads(renewal.state.read_text())["setting"]
    assert renewal.signs(renewal.old, renewal.old_script).code == 0
    assert renewal.run(renewal.old + renewal.new()).code == 0


@pytest.mark.skipif(not without_network(), reason="optional: no network namespace of one's own here")
def test_shares_are_renewed_without_a_network_and_in_memory(bench):
    renewal = Renewal(bench, rehearse=False)
    first = renewal.written()
    assert "shares: in memory: tmpfs" in first.out and re.search("network: no interface is up", first.out), first.out
    done = renewal.run(renewal.old + renewal.new())
    assert done.code == 0, done.out + done.err
    assert renewal.signs(renewal.new()).code == 0
    assert (SOURCE / "scripts/ceremony/renew-shares").stat().st_mode & 0o111
