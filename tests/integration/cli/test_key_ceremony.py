"""chancery hsm key-ceremony and what is left of it: the root, the shares, the transcript."""
import hashlib
import json
import os
import re
import shutil
import subprocess

import pytest

from ceremony_table import ALL, TWO, Table, new_key, now, restored_pins, says, without_network
from conftest import MODULE, SOURCE


@pytest.fixture
def table(bench):
    return Table(bench)


def test_a_root_is_what_its_script_says(table):
    made = table.held()
    text = table.bench.openssl("x509", "-in", table.out() / "root.pem", "-noout", "-text")
    for expected in ("Subject: C = US, O = Example, CN = REHEARSAL Example Root G1", "ecdsa-with-SHA384", "pathlen:2",
                     "Certificate Sign, CRL Sign"):
        assert expected in text, text
    checked = table.verify()
    assert checked.code == 0, checked.out + checked.err
    assert "a REHEARSAL" in checked.out and "3 signed" in checked.out and "any 2 restore it" in checked.out
    digest = table.bench.openssl("dgst", "-sha256", "-r", table.out() / "root.pem").split()[0]
    assert " ".join(re.findall("....", digest)) in made.out  # read aloud


def test_a_subordinate_is_signed_with_any_two_shares(table):
    table.held()
    table.subordinate()
    signed = table.run("sign-subordinate", *table.shares(2, 3))
    assert signed.code == 0, signed.out + signed.err
    assert re.findall(r"countersign \S+ (\S+) PRIVATE-KEY", signed.out) == ["custodian-1", "custodian-3"]  # who is present
    certificate = table.out("sign-subordinate") / "certificate.pem"
    text = table.bench.openssl("x509", "-in", certificate, "-noout", "-text")
    assert "pathlen:1" in text and "DNS:example.com" in text and "Name Constraints: critical" in text
    table.bench.openssl("verify", "-CAfile", table.out() / "root.pem", certificate)
    table.countersign("sign-subordinate", roles=(1, 3))
    assert table.verify("sign-subordinate", "--root", table.out() / "root.pem").code == 0


def test_no_pin_is_anywhere_but_in_the_shares(table):
    """I18: and gfcombine alone restores it, so that no custodian depends on this program."""
    made = table.held()
    pin, officer = restored_pins(table, 1, 3)
    assert restored_pins(table, 2, 3) == (pin, officer)
    for name in table.folder.glob("raw.*"):
        name.unlink()
    (table.folder / "pins").unlink()
    assert len(pin) == len(officer) == 32 and pin != officer
    listed = subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", "example-root-g1", "--login", "--pin", pin,
                             "--list-objects"], env=table.bench.environment, capture_output=True, text=True)
    assert "Private Key Object" in listed.stdout, listed.stderr
    for secret in (pin, officer):
        assert secret not in made.out + made.err
        for file in table.folder.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    for number in (1, 2, 3):
        assert table.share(number).stat().st_mode & 0o777 == 0o600


def test_wrong_shares_are_told_apart_and_no_pin_is_tried(table):
    table.held()
    table.subordinate()
    says(table.run("sign-subordinate"), "no share was given", "no PIN was tried")
    says(table.run("sign-subordinate", *table.shares(1)), "too few shares: 2 of 3 are needed, 1 given (1)")
    says(table.run("sign-subordinate", *table.shares(2, 2)), "share 2 was given twice")
    other = Table(table.bench, "another-root")
    assert other.root().code == 0
    says(table.run("sign-subordinate", "--share", f"{table.share(1)},{other.share(2)}"), "is of another ceremony")
    right = table.share(3).read_text()
    wrong = re.sub(r"(?m)^2  (.)", lambda found: "2  " + ("0" if found[1] != "0" else "1"), right)
    table.share(3).write_text(wrong)
    says(table.run("sign-subordinate", *table.shares(1, 3)), "line 9 of the share", "custodian-3.share", "digit by digit")
    checked = table.bench.run("ceremony", "check-share", table.share(3))
    assert checked.code == 1 and "line 9 of the share" in checked.err
    table.share(3).write_text(right)
    slots = table.bench.run("hsm", "list-slots", "--module", MODULE, "--output", "json").json()["slots"]
    assert {slot["token"]["user_pin"] for slot in slots if slot["token"]["label"] == "example-root-g1"} == {"set"}
    assert table.run("sign-subordinate", *table.shares(1, 3)).code == 0
    fits = table.bench.run("ceremony", "check-share", table.share(1), table.share(2))
    assert fits.code == 0 and "restore the PINs" in fits.out
    assert table.bench.run("ceremony", "check-share", table.share(1)).code == 0


def test_a_scanned_qr_image_is_the_share(table):
    assert table.root().code == 0
    done = table.tool("print-shares", table.folder / "shares-rehearsal", table.folder / "sheets")
    assert done.code == 0, done.err
    scanned = subprocess.run(["zbarimg", "--quiet", "--raw", table.folder / "sheets/custodian-2.png"], check=True,
                             capture_output=True, text=True).stdout
    assert scanned.strip() == table.share(2).read_text().strip()


def recipe():
    text = (SOURCE / "docs/ceremony.md").read_text()
    return next(block for block in re.findall(r"```bash\n(.*?)```", text, re.S) if "previous=" in block)


def by_recipe(table, step="root"):
    """The lines of docs/ceremony.md: OpenSSL, ssh-keygen and jq, nothing of ours."""
    return subprocess.run(["bash", "-c", recipe(), "recipe", table.folder / "keys"], cwd=table.out(step),
                          env=table.bench.environment, capture_output=True, text=True)


def test_a_changed_transcript_is_found_by_both_verifications(table):
    table.held()
    transcript = table.out() / "transcript.jsonl"
    right = transcript.read_bytes()
    told = by_recipe(table)
    assert told.returncode == 0 and "\nrehearsal: yes\n" in told.stdout and "\nnetwork: " in told.stdout, told.stdout + told.stderr
    lines = right.splitlines(keepends=True)
    changed = [right[:at] + bytes([right[at] ^ 1]) + right[at + 1:] for at in range(3, len(right), len(right) // 25)]
    closing = len(right) - len(lines[-1])
    changed += [right[:at] + bytes([right[at] ^ 1]) + right[at + 1:] for at in range(closing + 5, len(right), 29)]
    changed += [b"".join(lines[:i] + lines[i + 1:]) for i in range(len(lines))]  # removed
    changed += [b"".join(lines[:i] + [lines[i + 1], lines[i]] + lines[i + 2:]) for i in range(len(lines) - 1)]  # swapped
    changed += [right + lines[-1], right[:-1], right + b"\n", b""]
    for number, text in enumerate(changed):
        transcript.write_bytes(text)
        assert table.verify().code in (1, 3), number
        assert by_recipe(table).returncode != 0, number
    transcript.write_bytes(right)
    assert table.verify().code == 0 and by_recipe(table).returncode == 0


@pytest.mark.parametrize("algorithm", [["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ED25519"]],
                         ids=["rsa", "p384", "ed25519"])
def test_a_custodian_with_a_pem_key_signs(table, algorithm):
    """As a bare public key; custodian-3's is a certificate with P-256."""
    key = table.folder / "custodian-2.key"
    table.bench.openssl("genpkey", "-algorithm", *algorithm, "-out", key)
    table.bench.openssl("pkey", "-in", key, "-pubout", "-out", table.folder / "keys/custodian-2.pub")
    table.held()
    answer = table.verify()
    assert answer.code == 0 and "3 signed" in answer.out, answer.out
    told = by_recipe(table)
    assert told.returncode == 0 and "3 custodians signed; the threshold is 2 of 3" in told.stdout, told.stdout + told.stderr
    signature = table.out() / "transcript.jsonl.custodian-2.sig"
    octets = signature.read_bytes()
    signature.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    assert table.verify().code == 3 and by_recipe(table).returncode != 0


def test_the_recipe_counts_the_signatures_that_are_there(table):
    table.held()
    for gone, count in ((1, 2), (2, 1)):
        (table.out() / f"transcript.jsonl.custodian-{gone}.sig").unlink()
        told = by_recipe(table)
        assert f"{count} custodians signed; the threshold is 2 of 3" in told.stdout, told.stdout + told.stderr
        assert (told.returncode == 0) == (count >= 2)


def test_the_recipe_takes_no_other_key_and_nobody_who_was_absent(table):
    assert table.root().code == 0
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    table.countersign("sign-subordinate", roles=(1, 3))
    assert by_recipe(table, "sign-subordinate").returncode == 0
    absent = table.out("sign-subordinate") / "transcript.jsonl.custodian-2.sig"
    with open(table.out("sign-subordinate") / "transcript.jsonl", "rb") as transcript:
        absent.write_bytes(subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "chancery-ceremony", "-f", table.folder / "custodian-2.key"],
                                          stdin=transcript, check=True, capture_output=True).stdout)
    assert by_recipe(table, "sign-subordinate").returncode != 0
    absent.unlink()
    (table.folder / "keys/custodian-1.pub").write_text(new_key(table.folder / "stranger"))
    (table.out("sign-subordinate") / "transcript.jsonl.custodian-1.sig").unlink()
    done = table.bench.finished(["bash", "-c", 'ssh-keygen -q -Y sign -n chancery-ceremony -f "$1" <"$2/transcript.jsonl" >"$2/transcript.jsonl.custodian-1.sig"',
                                 "sign", table.folder / "stranger", table.out("sign-subordinate")])
    assert done.code == 0 and by_recipe(table, "sign-subordinate").returncode != 0


def test_a_countersignature_that_fails_leaves_the_one_that_is_there(table):
    table.held()
    before = {file.name: file.read_bytes() for file in table.out().iterdir()}
    wrong = table.folder / "no-key"
    wrong.write_text("not a key\n")
    for role, key, words in (("custodian-1", table.folder / "nowhere", "cannot be read"), ("custodian-1", wrong, ""),
                             ("nobody", table.folder / "custodian-1.key", "'nobody' has no key in this ceremony"),
                             ("witness-1", table.folder / "custodian-1.key", "name one of: custodian-1 custodian-2 custodian-3"),
                             ("custodian-.", table.folder / "custodian-1.key", "has no key")):
        done = table.tool("countersign", table.out(), role, key)
        assert done.code != 0 and words in done.err, done.out + done.err
        assert {file.name: file.read_bytes() for file in table.out().iterdir()} == before
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    absent = table.tool("countersign", table.out("sign-subordinate"), "custodian-2", table.folder / "custodian-2.key")
    assert absent.code == 1 and "custodian-2 was not present" in absent.err


def test_what_leaves_the_room_can_be_read_by_whoever_carries_it(table):
    """Whatever the umask; what stays cannot."""
    done = table.bench.finished(["bash", "-c", 'umask 077; exec "$@"', "bash", os.environ["CHANCERY"], "hsm", "key-ceremony", "--script",
                                 table.script, "--step", "root", "--clock-confirmed", now(), "--present", ALL, "--rehearse"])
    assert done.code == 0, done.err
    table.countersign()
    for path in (table.out().parent, table.out()):
        assert path.stat().st_mode & 0o777 == 0o755, path
    for path in table.out().iterdir():
        assert path.stat().st_mode & 0o777 == 0o644, path
    for path in (table.share(1).parent, table.folder / "state-rehearsal"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("file", ["root.pem", "root.csr", "transcript.jsonl.root.sig", "transcript.jsonl.custodian-1.sig",
                                  "transcript.jsonl.custodian-3.sig"])
def test_a_changed_file_beside_the_transcript_is_found(table, file):
    table.held()
    path = table.out() / file
    text = path.read_bytes()
    middle = len(text) // 2
    path.write_bytes(text[:middle] + bytes([text[middle] ^ 1]) + text[middle + 1:])
    answer = table.verify()
    assert answer.code in (1, 3), answer.out
    path.write_bytes(text)
    assert table.verify().code == 0


@pytest.mark.parametrize("name", ["root2.pem", "root.pem~", ".hidden", "notes/", "transcript.jsonl.stranger.sig", "transcript.jsonl.witness-1.sig"])
def test_a_file_that_the_ceremony_did_not_make_is_found(table, name):
    """Whoever takes a file out of the folder takes it for the ceremony's. witness-1 has no key, so nobody can check what it signed."""
    table.held()
    assert table.verify().code == 0
    foreign = table.out() / name
    if name.endswith("/"):
        foreign.mkdir()
    else:
        foreign.write_bytes((table.out() / "root.pem").read_bytes())
    answer = table.verify()
    assert answer.code == 3 and re.search(rf"WRONG +other files .*: {re.escape(name.rstrip('/'))}\n", answer.out), answer.out
    assert "a REHEARSAL, of no ceremony, and DO NOT TRUST the other files beside it" in answer.out, answer.out
    told = by_recipe(table)
    if not name.endswith(".sig"):
        assert told.returncode != 0 and f"> {name.rstrip('/')}\n" in told.stdout, told.stdout + told.stderr


@pytest.mark.parametrize("name", ["root.pem", "root.cer", "root.csr"])
def test_a_file_that_was_taken_away_is_found(table, name):
    table.held()
    (table.out() / name).rename(table.folder / name)
    answer = table.verify("root", "--root", table.folder / "root.pem" if name == "root.pem" else table.out() / "root.pem")
    assert answer.code == 3 and f"{name} is missing: the ceremony wrote it" in answer.out, answer.out
    assert answer.out.count("WRONG") == 1 and "DO NOT TRUST this transcript" in answer.out, answer.out
    assert by_recipe(table).returncode != 0


def test_another_root_script_or_custodian_is_found(table):
    table.held()
    other = Table(table.bench, "another-root")
    assert other.root().code == 0
    answer = table.verify("root", "--root", other.out() / "root.pem")
    assert answer.code == 3 and "not signed by the key" in answer.out
    script = table.script.read_text()
    table.script.write_text(script.replace("5475d", "5474d"))
    assert "another script" in table.verify().out
    table.script.write_text(script)
    key = table.folder / "keys/custodian-1.pub"
    kept = key.read_text()
    key.write_text(new_key(table.folder / "stranger"))
    assert "another key than the ceremony's" in table.verify().out
    key.write_text(kept)
    (table.out() / "transcript.jsonl.custodian-1.sig").unlink()
    assert table.verify().code == 0  # two of three are enough
    (table.out() / "transcript.jsonl.custodian-2.sig").unlink()
    answer = table.verify()
    assert answer.code == 3 and "1 signed, 2 are needed" in answer.out


def test_an_interrupted_ceremony_goes_on_with_the_same_root(table):
    """I19: the token has its PINs, the certificate could not be written."""
    (table.out() / "root.pem").mkdir(parents=True)
    stopped = table.root()
    assert stopped.code == 1 and "root.pem" in stopped.err
    (table.out() / "root.pem").rmdir()
    says(table.root(), "no share was given")
    done = table.root(*table.shares(1, 2))
    assert done.code == 0, done.err
    assert "go on after an interruption" in done.out and "STOPPED" in (table.out() / "transcript.jsonl").read_text()
    table.countersign()
    assert table.verify().code == 0
    again = table.root(*table.shares(1, 2))
    assert again.code == 1 and "is closed: this step is done" in again.err


def rechained(table, *changes):
    """The transcript with (line, member, value) changed and every hash right again: what only the signatures tell."""
    transcript = table.out() / "transcript.jsonl"
    objects = [json.loads(line) for line in transcript.read_text().splitlines()]
    for number, member, value in changes:
        objects[number][member] = value
    previous, text = "", ""
    for line in objects:
        line["previous"] = previous
        octets = json.dumps(line, sort_keys=True, separators=(",", ":"))
        previous, text = hashlib.sha256(octets.encode()).hexdigest(), text + octets + "\n"
    transcript.write_text(text)
    return objects


def test_a_step_is_not_gone_on_with_another_script(table):
    """Nobody could say afterwards which script was held; and the threshold is the shares', not the script's."""
    (table.out() / "root.pem").mkdir(parents=True)
    assert table.root().code == 1
    (table.out() / "root.pem").rmdir()
    script = table.script.read_text()
    table.script.write_text(script.replace("threshold: 2", "threshold: 3"))
    before = (table.out() / "transcript.jsonl").read_bytes()
    says(table.root(*table.shares(1, 2, 3)), "was begun with another script", "go on with that script", "nothing was signed")
    assert (table.out() / "transcript.jsonl").read_bytes() == before
    table.out().rename(table.folder / "aside")
    says(table.root(*table.shares(1, 2, 3)), "the script says that any 3 of 3 restore the PIN, the shares say any 2 of 3", "no PIN was tried")
    table.script.write_text(script)
    shutil.rmtree(table.out())
    (table.folder / "aside").rename(table.out())
    done = table.root(*table.shares(1, 2))
    assert done.code == 0, done.err


def test_a_transcript_says_what_it_is_of(table):
    """Ceremony, step, when, how often it stopped; that it was a rehearsal stands in the last line and in the JSON."""
    (table.out() / "root.pem").mkdir(parents=True)
    assert table.root().code == 1
    says(table.root(), "no share was given")
    (table.out() / "root.pem").rmdir()
    assert table.root(*table.shares(1, 2)).code == 0
    table.countersign()
    renamed = table.folder / "renamed"
    table.out().rename(renamed)
    checked = table.verify(folder=renamed)
    of = r"root of example-root-g1, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, stopped 2 times\n"
    assert checked.code == 0 and re.search(r"ok +step +" + of, checked.out), checked.out
    assert re.search(r"\nthis is the transcript of a REHEARSAL, of no ceremony: " + of + "$", checked.out), checked.out
    told = table.bench.run("ceremony", "verify", "--script", table.script, "--folder", renamed, "--output", "json").json()
    assert told["ok"] and told["rehearsal"] and (told["ceremony"], told["step"], told["stopped"]) == ("example-root-g1", "root", 2), told
    assert told["begun"] <= told["ended"]


def test_lines_of_two_scripts_or_two_steps_are_no_transcript(table):
    table.held()
    transcript = table.out() / "transcript.jsonl"
    right = transcript.read_bytes()
    first = json.loads(right.splitlines()[0])
    rechained(table, (1, "artefacts", {**first["artefacts"], "script": "0" * 64}))
    assert re.search("WRONG +script +it was begun with one script and gone on with another", table.verify().out)
    transcript.write_bytes(right)
    rechained(table, (2, "step", "cross-sign"))
    answer = table.verify()
    assert answer.code == 3 and re.search("WRONG +step +its lines are of several steps", answer.out), answer.out


def test_what_leaves_the_room_is_public_whatever_the_umask(table):
    made = table.root(wrap=["bash", "-c", 'umask 077; exec "$@"', "bash"])
    assert made.code == 0, made.err
    for path in (table.out().parent, table.out(), *table.out().iterdir()):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path
    for path in (table.share(1).parent, table.folder / "state-rehearsal", *table.share(1).parent.iterdir()):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_request_with_the_roots_own_name_is_not_signed(table):
    """Another key under the root's name would be taken for the root's; neither case nor spaces make another name of it."""
    table.held()
    for subject in ("/C=US/O=Example/CN=REHEARSAL Example Root G1", "/C=US/O=example/CN=rehearsal  Example root g1 "):
        table.subordinate(subject)
        says(table.run("sign-subordinate", *table.shares()), "The subject is the certificate authority's own", "this step")
    assert not (table.out("sign-subordinate") / "certificate.pem").exists()


@pytest.mark.parametrize("named, words", [
    ({"clock": now(-65)}, "this machine's clock says"),
    ({"clock": "yesterday"}, "is no time"),
    ({"clock": "2026-02-30T10:00Z"}, "is no time"),
    ({"present": TWO}, "2 custodians are present, 3 are needed: each receives a share"),
    ({"present": ALL.replace(",witness-1", "")}, "no witness is present"),
    ({"present": ALL + ",custodian-9"}, "'custodian-9' has no role in the script\n"),
    ({"present": ALL + ",custodian-1"}, "'custodian-1' is named twice\n"),
])
def test_a_difference_in_the_room_stops_before_any_token_is_touched(table, named, words):
    says(table.root(**named), words, "no token was touched")
    assert not table.out().exists() and not (table.folder / "shares-rehearsal").exists()


def test_a_script_is_refused_with_every_problem_and_its_line(table):
    text = table.script.read_text()
    table.script.write_text(text.replace("threshold: 2", "threshold: 4\ncolour: blue").replace("5475d", "15 years")
                            .replace("keys/custodian-2.pub", "keys/nobody.pub").replace("SHA384WITHECDSA", "SHA256WITHRSA"))
    answer = table.root()
    says(answer, "colour: unknown key", "there are only 3 custodians", "expected whole days", "no such file", "does not fit")
    assert len(re.findall(r"ceremony\.yaml:\d+:\d+", answer.err)) == 5, answer.err
    table.script.write_text(text.replace("path_length: 2 ", "path_length: 99 "))
    answer = table.root()
    says(answer, "99 is out of range")
    assert len(re.findall(r"ceremony\.yaml:\d+:\d+", answer.err)) == 1, answer.err


def test_a_csr_that_was_exchanged_is_not_signed(table):
    table.held()
    table.subordinate()
    text = table.script.read_text()
    table.script.write_text(text.replace("  csr: in/subordinate.csr", f"  csr: in/subordinate.csr\n  csr_sha256: '{'0' * 64}'"))
    says(table.run("sign-subordinate", *table.shares()), "the CSR is another", "nothing was signed")


def interfaces_up():
    up = subprocess.run(["ip", "-j", "link", "show", "up"], capture_output=True, check=True).stdout
    return sorted(link["ifname"] for link in json.loads(up) if "LOOPBACK" not in link.get("flags", ["LOOPBACK"]))


def test_an_interface_that_is_up_stops_all_but_a_rehearsal(table):
    if "state UP" not in subprocess.run(["ip", "-o", "link", "show", "up"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("optional: no network interface is up here")
    answer = table.root(rehearse=False)
    says(answer, "network interfaces are up", "ip link set", "no token was touched")


@pytest.mark.skipif(not without_network(), reason="optional: no network namespace of one's own here")
def test_the_real_ceremony_runs_without_a_network_and_takes_no_other_token(bench):
    table = Table(bench, rehearse=False)
    script = table.script.read_text()
    table.script.write_text(script.replace("model: SoftHSM v2 ", "model: SoftHSM v3 "))
    answer = table.root()
    if "swap is on" in answer.err:
        pytest.skip("optional: swap is on here")
    says(answer, "the token without initialisation has model 'SoftHSM v2'", "the script says model 'SoftHSM v3'")
    table.script.write_text(script)
    says(table.root(), "was begun with another script", "keep this folder under another name")
    table.out().rename(table.folder / "aside")
    done = table.root()
    assert done.code == 0, done.err
    assert "shares: in memory: tmpfs" in done.out, done.out
    text = table.bench.openssl("x509", "-in", table.out() / "root.pem", "-noout", "-subject")
    assert "REHEARSAL" not in text
    table.countersign()
    checked = table.verify()
    assert checked.code == 0 and "\nthis is the ceremony's transcript: root of example-root-g1, " in checked.out, checked.out
    assert table.bench.run("ceremony", "verify", "--script", table.script, "--folder", table.out(), "--output", "json").json()["rehearsal"] is False
    table.subordinate()
    table.script.write_text(script.replace('# serial: "0123456789abcdef"', 'serial: "0123456789abcdef"'))
    says(table.run("sign-subordinate", *table.shares(1, 2)), "the token's serial is", "nothing was signed")
    table.script.write_text(script)
    table.out("sign-subordinate").rename(table.folder / "aside-too")
    assert table.run("sign-subordinate", *table.shares(1, 2)).code == 0


@pytest.mark.skipif(not without_network(), reason="optional: no network namespace of one's own here")
def test_no_share_is_written_to_a_disk(bench):
    """The mount that was forgotten; a rehearsal only says so."""
    table = Table(bench, rehearse=False)
    if subprocess.run(["stat", "-f", "-c", "%T", table.folder], capture_output=True, text=True, check=True).stdout.strip() == "tmpfs":
        pytest.skip("optional: the temporary folder is in memory here")
    table.script.write_text(table.script.read_text().replace(f"shares: {table.shares_folder} ", "shares: shares "))
    says(table.root(), "the folder for the shares is not in memory: type 0x", str(table.folder / "shares"), "mount -t tmpfs", "no token was touched")
    assert not (table.folder / "shares").exists() and not table.out().exists()
    rehearsed = table.root(rehearse=True)
    assert rehearsed.code == 0 and "on a disk, as only a rehearsal may" in rehearsed.out, rehearsed.err


def test_an_hsm_with_a_quorum_of_its_own_gets_no_pin_and_no_shares(table):
    """token.pin: own, the way of AWS CloudHSM: the PIN is named, never made; threshold custodians are enough."""
    up = interfaces_up()
    table.script.write_text(table.script.read_text().replace("label: example-root-g1", "label: root")
                            .replace("pin: shares ", "pin: own ").replace("# interfaces: [eth0]", f"interfaces: [{', '.join(up or ['eth0'])}]"))
    says(table.run("root"), "has PINs of its own, and none is named", "--pin-source", "the token was not opened")
    made = table.run("root", "--pin-source", f"file:{table.bench.pin()}", "--output", "json")
    assert made.code == 0, made.err
    assert made.json()["folder"] == str(table.out()) and "[ ] check the token" in made.err
    assert not (table.folder / "shares-rehearsal").exists()
    table.countersign(roles=(1, 3))
    checked = table.verify()
    assert checked.code == 0 and "a quorum of its own: the ceremony made no PIN, no share exists" in checked.out, checked.out
    told = by_recipe(table).stdout
    assert "\nPIN: the HSM has PINs and a quorum of its own" in told, told
    assert f"network: NOT OFFLINE, the script reaches its HSM through {', '.join(up)}; no other interface is up\n" in told or not up, told
    pin = table.bench.pin().read_text().strip()
    assert pin not in (table.out() / "transcript.jsonl").read_text() + made.out + made.err
