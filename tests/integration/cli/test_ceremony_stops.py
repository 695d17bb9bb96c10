"""What a ceremony meets and must not go on with: each time it says what is wrong, what was not done and what to do."""
import os
import shutil
import subprocess

import pytest

from ceremony_table import ALL, Table, restored_pins, says, without_network
from conftest import MODULE

LABEL = "example-root-g1"


@pytest.fixture
def table(bench):
    return Table(bench)


@pytest.fixture
def held(table):
    """A root, a request for a subordinate, and both PINs, as nobody should have them."""
    table.held()
    table.subordinate()
    table.pin, _ = restored_pins(table, 1, 2)
    return table


def init_token(table, label=LABEL):
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", "12345678"],
                   env=table.bench.environment, check=True, capture_output=True)


def pkcs11_tool(table, *words):
    return subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", "--pin", table.pin, *words],
                          env=table.bench.environment, check=True, capture_output=True, text=True).stdout


def signs_nothing(table, *words):
    says(table.run("sign-subordinate", *table.shares()), *words, "nothing was signed")
    assert not (table.out("sign-subordinate") / "certificate.pem").exists()


def test_a_used_token_is_never_taken_for_a_fresh_one(table):
    init_token(table)
    says(table.root(), "is initialised already", "with --share FILE,FILE", "take a fresh token", "nothing was erased")
    assert not (table.folder / "shares-rehearsal").exists()


def test_two_tokens_of_one_label_stop_every_step_before_a_pin_is_tried(held):
    init_token(held)
    says(held.root(*held.shares()), "is closed")
    signs = held.run("sign-subordinate", *held.shares())
    says(signs, f"two tokens are called '{LABEL}', serials ", "take all out but the ceremony's", "no PIN was tried")


@pytest.mark.parametrize("what, says_so", [
    ("label twice", "several private keys fit"), ("gone", "has no private key"),
    ("of another type", "does not verify under the expected public key"), ("extractable", "CKA_EXTRACTABLE is true"),
])
def test_another_key_in_the_roots_place_signs_nothing(held, what, says_so):
    """I14"""
    listed = pkcs11_tool(held, "--list-objects")
    label, key_id = (next(line.split()[-1] for line in listed.splitlines() if line.strip().startswith(name))
                     for name in ("label:", "ID:"))
    if what != "label twice":
        for kind in ("privkey", "pubkey"):
            pkcs11_tool(held, "--delete-object", "--type", kind, "--id", key_id)
    new = {"label twice": ["EC:secp384r1"], "of another type": ["RSA:2048"], "extractable": ["EC:secp384r1", "--extractable"]}
    if what in new:
        kind, *more = new[what]
        pkcs11_tool(held, "--keypairgen", "--key-type", kind, "--label", label, "--id", key_id, *more)
    signs_nothing(held, says_so, "not the one that its ceremony made", "restore its backup")


def test_a_pin_that_is_not_the_shares_is_tried_once(held):
    pkcs11_tool(held, "--change-pin", "--new-pin", "another-pin")
    signs_nothing(held, "CKR_PIN_INCORRECT", "one attempt with the PIN of the custodians' shares")


def test_a_state_folder_that_is_not_the_roots_is_not_taken(held):
    state = held.folder / "state-rehearsal"
    state.rename(held.folder / "elsewhere")
    signs_nothing(held, "state folder is not there", "in the vault")
    state.mkdir()
    signs_nothing(held, "state folder is not there")
    state.rmdir()
    other = Table(held.bench, "another-root")
    other.held()
    shutil.copytree(other.folder / "state-rehearsal", state)
    signs_nothing(held, "is of another ceremony", "if the state folder is another root's")
    (state / "ceremony.json").unlink()
    signs_nothing(held, "not the one that its ceremony made", "use the root's own token")


@pytest.mark.parametrize("module, told", [("/nowhere/lib.so", "No such file"), ("/proc/self/exe", ""), ("keys/custodian-1.pub", "")])
@pytest.mark.skipif(not without_network(), reason="optional: no network namespace of one's own here")
def test_a_module_that_is_none_makes_no_pin(bench, module, told):
    table = Table(bench, rehearse=False)
    table.script.write_text(table.script.read_text().replace(MODULE, module))
    says(table.root(), module, told, "install the HSM vendor's PKCS#11 library", "nothing was signed")
    assert not table.shares_folder.exists() and not (table.folder / "state").exists()


def test_a_file_that_the_script_names_must_be_what_it_should(table):
    table.held()
    for step in ("sign-subordinate", "cross-sign", "revoke-subordinate"):
        says(table.run(step, *table.shares()), "cannot read the file: No such file", "this step")
    csr = table.folder / "in/subordinate.csr"
    csr.write_text("no request\n")
    says(table.run("sign-subordinate", *table.shares()), "not valid PEM", "fetch the file", "this step")
    table.subordinate()
    whole = csr.read_text()
    csr.write_text(whole.replace(whole[200:204], whole[200:204].swapcase()))
    says(table.run("sign-subordinate", *table.shares()), "fetch the file", "this step")
    (table.folder / "in/revoked.pem").write_bytes((table.out() / "root.pem").read_bytes())
    says(table.run("revoke-subordinate", *table.shares()), "Self-signed", "this step")


def test_a_step_is_done_once_and_a_torn_transcript_is_put_aside(held):
    assert held.run("sign-subordinate", *held.shares()).code == 0
    folder = held.out("sign-subordinate")
    says(held.run("sign-subordinate", *held.shares()), "is closed: this step is done", "another `output`")
    certificate = (folder / "certificate.pem").read_bytes()
    with open(folder / "transcript.jsonl", "r+b") as transcript:  # as a power cut leaves it
        transcript.truncate(os.path.getsize(transcript.name) - 9)
    says(held.run("sign-subordinate", *held.shares()), "is cut off", "(mv)", "nothing was signed")
    folder.rename(held.folder / "aside")
    again = held.run("sign-subordinate", *held.shares())
    assert again.code == 0 and "was signed before the interruption" in again.out, again.err
    assert (folder / "certificate.pem").read_bytes() == certificate


@pytest.mark.parametrize("folder", ["out-rehearsal", "state-rehearsal", "shares-rehearsal"])
def test_a_folder_that_cannot_be_made_is_named(table, folder):
    (table.folder / folder).write_text("")
    says(table.root(), str(table.folder / folder), "owner, mode and free space")


def test_custodians_keys_are_public_whole_and_each_of_another(table):
    keys, script = table.folder / "keys", table.script.read_text()
    right = {file: file.read_bytes() for file in keys.iterdir()}
    ssh = right[keys / "custodian-1.pub"]
    for wrong, words in ((right[keys / "custodian-2.pub"], "is the key of custodian-1 as well"),
                         (b" ".join([*right[keys / "custodian-2.pub"].split()[:2], b"other comment\n"]), "as well"),
                         ((table.folder / "custodian-1.key").read_bytes(), "holds a PRIVATE key"),
                         ((table.folder / "custodian-3.key").read_bytes(), "holds a PRIVATE key"),
                         (b"hello\n", "neither an SSH public key"), (ssh[:60] + b"\n", "custodian-1.pub: "),
                         (b'cert-authority ' + ssh, "neither an SSH public key"), (b"", "is empty"),
                         (right[keys / "custodian-3.pub"] * 2, "expected one CERTIFICATE"), (b"\0" * 70000, "longer")):
        (keys / "custodian-1.pub").write_bytes(wrong)
        answer = table.root(present=ALL)
        says(answer, words, "no token was touched")
        assert "BEGIN" not in answer.err and table.script.read_text() == script
        assert not table.out().exists()
    (keys / "custodian-1.pub").write_bytes(ssh)
    table.bench.openssl("x509", "-in", keys / "custodian-3.pub", "-noout", "-pubkey", "-out", table.folder / "spki.pem")
    assert table.root().code == 0
