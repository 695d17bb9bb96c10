"""chancery hsm sign, verify, show, prove, bench: keys in the operator's hands, and what a person can get wrong."""
import json
import os
import re
import signal
import subprocess

import pytest

from conftest import MODULE, SOURCE
from terminal import Prompted, typed

KEY_TYPES = {"EC_prime256v1": "-sha256", "EC_secp384r1": "-sha384", "RSA_2048": "-sha256"}


def make_key(bench, label="k1", key_type="EC_secp384r1"):
    made = bench.run("hsm", "generate-key", *bench.token(), "--label", label, "--key-type", key_type, "--output",
                     "json").json()
    (bench.folder / f"{label}.pem").write_text(made["public_key"] + "\n")
    return made


def make_weak_key(bench, label="weak", key_type="EC:prime256v1", *more, number=77):
    subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", "root", "--login", "--pin",
                    bench.pin().read_text().strip(), "--keypairgen", "--key-type", key_type, "--label", label, "--id",
                    str(number), *more], env=bench.environment, check=True, capture_output=True)


def sign(bench, key="k1", *more, token=None):
    (bench.folder / "message").write_bytes(b"to be signed\n")
    return bench.run("hsm", "sign", *(token or bench.token()), "--key", key, "--in", bench.folder / "message", "--out",
                     bench.folder / "signature", *more)


def verify(bench, label="k1", message="message"):
    return bench.run("hsm", "verify", "--public-key", bench.folder / f"{label}.pem", "--in", bench.folder / message,
                     "--signature", bench.folder / "signature")


def refused(bench, answer, *says):
    """One line for what is wrong, one for what was not done, one for what to do; and nothing was done."""
    assert answer.code == 1, answer.out + answer.err
    for words in says:
        assert words in answer.err, answer.err
    assert "\n  not done: " in answer.err and "\n  do:    " in answer.err, answer.err
    assert not (bench.folder / "signature").exists() and not (bench.folder / "signature.new").exists()


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_a_signature_verifies_here_and_with_openssl_and_not_over_anything_else(bench, key_type):
    make_key(bench, key_type=key_type)
    assert sign(bench).code == 0
    assert verify(bench).code == 0
    assert "Verified OK" in bench.openssl("dgst", KEY_TYPES[key_type], "-verify", bench.folder / "k1.pem", "-signature",
                                          bench.folder / "signature", bench.folder / "message")
    (bench.folder / "tampered").write_bytes(b"to be signeD\n")
    answer = verify(bench, message="tampered")
    assert answer.code == 3 and "NOT VALID" in answer.out


def test_the_commands_of_the_readme_work(bench):
    readme = (SOURCE / "README.md").read_text()
    commands = next(block for block in re.findall(r"```text\n(.*?)```", readme, re.S) if "hsm sign" in block)
    script = f"set -euo pipefail\nchancery() {{ '{os.environ['CHANCERY']}' \"$@\"; }}\nTOKEN='{' '.join(bench.token())}'\n{commands}"
    (bench.folder / "README.md").write_text(readme)
    done = subprocess.run(["bash", "-c", script], cwd=bench.folder, env=bench.environment, capture_output=True, text=True)
    assert done.returncode == 0 and "Verified OK" in done.stdout, done.stdout + done.stderr


def test_an_ed25519_signature_verifies_with_openssl(bench):
    make_key(bench, key_type="ED25519")
    assert sign(bench).code == 0 and verify(bench).code == 0
    bench.openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", bench.folder / "k1.pem", "-sigfile",
                  bench.folder / "signature", "-in", bench.folder / "message")


def test_a_tampered_signature_fails(bench):
    make_key(bench)
    assert sign(bench).code == 0
    whole = (bench.folder / "signature").read_bytes()
    for position in range(0, len(whole), 7):
        (bench.folder / "signature").write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1:])
        assert verify(bench).code == 3, position


def test_the_public_key_may_come_from_the_token_or_a_certificate(bench):
    make_key(bench)
    assert sign(bench).code == 0
    files = ["--in", bench.folder / "message", "--signature", bench.folder / "signature"]
    assert bench.run("hsm", "verify", *bench.token(), "--key", "k1", *files).code == 0
    assert "--public-key" in bench.run("hsm", "verify", *files).err
    (bench.folder / "k1.pem").write_text("no key\n")
    answer = verify(bench)
    assert answer.code == 1 and "neither a PEM public key" in answer.err and "not done: nothing was verified" in answer.err


def test_an_algorithm_of_another_family_verifies_nothing(bench):
    """OpenSSL would take the hash of the name and verify an ECDSA signature by it."""
    make_key(bench, key_type="EC_prime256v1")
    assert sign(bench).code == 0
    made = (bench.folder / "signature").rename(bench.folder / "made")
    for algorithm, family in (("SHA256WITHRSA", "RSA"), ("ED25519", "ED25519")):
        answer = bench.run("hsm", "verify", "--public-key", bench.folder / "k1.pem", "--in", bench.folder / "message", "--signature", made,
                           "--algorithm", algorithm)
        refused(bench, answer, f"a key for ECDSA cannot make a signature of {family}", "fits the key", "nothing was verified")
        assert "valid" not in answer.out
    other = bench.run("hsm", "verify", "--public-key", bench.folder / "k1.pem", "--in", bench.folder / "message", "--signature", made,
                      "--algorithm", "SHA384WITHECDSA")
    assert other.code == 3 and "NOT VALID" in other.out


def test_what_is_asked_for_incompletely_is_a_matter_of_usage(bench):
    make_key(bench)
    (bench.folder / "x").write_bytes(b"x")
    for words in (["hsm", "verify", "--in", bench.folder / "x", "--signature", bench.folder / "x"],
                  ["hsm", "generate-key", *bench.token(), "--label", "k2", "--key-type", "DSA_1024"]):
        answer = bench.run(*words)
        assert answer.code == 2 and ("--public-key FILE" in answer.err or "one of EC_prime256v1" in answer.err), answer.err
    for words in (["hsm", "sign"], ["ceremony", "verify"], ["backup", "verify"]):
        assert "--output json" in bench.run(*words, "--help").out, words


def test_show_tells_the_attributes_and_the_public_key(bench):
    made = make_key(bench)
    shown = bench.run("hsm", "show", *bench.token(), "--key", made["uri"], "--output", "json").json()
    assert shown["weakness"] is None and shown["public_key"] == made["public_key"]
    assert shown["attributes"]["CKA_EXTRACTABLE"] is False and shown["attributes"]["CKA_NEVER_EXTRACTABLE"] is True
    digest = bench.openssl("pkey", "-pubin", "-in", bench.folder / "k1.pem", "-outform", "DER", "-out", bench.folder / "der")
    digest = bench.openssl("dgst", "-sha256", "-r", bench.folder / "der").split()[0]
    assert shown["public_key_sha256"] == digest
    table = bench.run("hsm", "show", *bench.token(), "--key", "k1").out
    assert re.search(r"CKA_SENSITIVE +true", table) and re.search(r"fit for an authority +yes", table)


def test_prove_shows_that_a_key_cannot_leave_its_token(bench):
    make_key(bench)
    proof = bench.run("hsm", "prove", *bench.token(), "--key", "k1", "--output", "json").json()
    assert proof["proven"] and [step["step"] for step in proof["steps"]] == [
        "login", "key", "attributes", "read", "wrap", "copy", "sign"]


def test_an_extractable_key_is_not_proven_and_signs_nothing(bench):
    """I14"""
    make_weak_key(bench, "weak", "EC:prime256v1", "--extractable")
    answer = bench.run("hsm", "prove", *bench.token(), "--key", "weak", "--output", "json")
    assert answer.code == 3
    wrong = {step["step"]: step for step in json.loads(answer.out)["steps"] if not step["ok"]}
    assert "CKA_EXTRACTABLE is true" in wrong["attributes"]["detail"] and "wrapped the key" in wrong["wrap"]["detail"]
    refused(bench, sign(bench, "weak"), "CKA_EXTRACTABLE is true", "nothing was signed", "hsm generate-key")
    measured = bench.run("hsm", "bench", *bench.token(), "--key", "weak", "--seconds", "1")
    assert measured.code == 1 and "CKA_EXTRACTABLE" in measured.err


def test_bench_measures_each_number_of_threads(bench):
    make_key(bench, key_type="EC_prime256v1")
    rounds = bench.run("hsm", "bench", *bench.token(), "--key", "k1", "--seconds", "1", "--threads", "1,3", "--output",
                       "json").json()["rounds"]
    assert [round["threads"] for round in rounds] == [1, 3]
    assert all(round["signatures_per_second"] > 10 and round["p99_ms"] >= round["p50_ms"] > 0 for round in rounds)


def test_a_wrong_module_is_named(bench):
    token = ["--module", "libdl.so.2", *bench.token()[2:]]
    refused(bench, sign(bench, token=token), "libdl.so.2 has no C_GetFunctionList", "nothing was signed")


def test_an_uninitialised_token_is_named(bench):
    slots = bench.run("hsm", "list-slots", "--module", MODULE, "--output", "json").json()["slots"]
    free = next(slot["slot"] for slot in slots if not slot["initialized"])
    token = ["--module", MODULE, "--token", f"pkcs11:slot-id={free}", *bench.token()[4:]]
    refused(bench, sign(bench, token=token), "is not initialised", "nothing was signed")
    made = bench.run("hsm", "generate-key", *token, "--label", "k1")
    assert made.code == 1 and "is not initialised" in made.err and "no key was made" in made.err


def test_two_tokens_with_one_label_are_told_apart_by_serial(bench):
    make_key(bench)
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "root", "--so-pin", "12345678", "--pin", "12345678"],
                   env=bench.environment, check=True, capture_output=True)
    refused(bench, sign(bench), "2 tokens fit", "\n  do:    add serial= to the URI", "nothing was signed")
    serials = {slot["token"]["serial"] for slot in
               bench.run("hsm", "list-slots", "--module", MODULE, "--output", "json").json()["slots"]
               if slot["token"]["label"] == "root"}
    answers = [sign(bench, token=["--module", MODULE, "--token", f"pkcs11:token=root;serial={serial}", *bench.token()[4:]])
               for serial in sorted(serials)]
    assert sorted(answer.code for answer in answers) == [0, 1]  # the other has another PIN


def test_a_label_that_two_keys_have_signs_nothing(bench):
    make_weak_key(bench, "twin", number=1)
    make_weak_key(bench, "twin", number=2)
    refused(bench, sign(bench, "twin"), "several private keys fit", "object= and id=", "nothing was signed")
    taken = bench.run("hsm", "generate-key", *bench.token(), "--label", "twin")
    assert taken.code == 1 and "twin" in taken.err and "no key was made" in taken.err


def test_a_key_of_the_wrong_type_signs_nothing(bench):
    make_key(bench)
    refused(bench, sign(bench, "k1", "--algorithm", "SHA256WITHRSA"), "cannot make a signature of RSA", "fits the key")
    make_weak_key(bench, "odd", "EC:secp256k1")
    refused(bench, sign(bench, "odd"), "type or size that is not supported", "nothing was signed", "P-256")


def test_what_to_do_is_what_helps(bench):
    """Not a word about chancery doctor where the cause is known; about one attempt only where there was one."""
    make_key(bench)
    subprocess.run(["pkcs11-tool", "--module", MODULE, "--init-token", "--slot-index", "2", "--label", "no-pin", "--so-pin",
                    "12345678"], env=bench.environment, check=True, capture_output=True)
    given = dict(zip(*[iter(bench.token())] * 2))
    open_pin, wrong_pin = bench.folder / "open.pin", bench.folder / "wrong.pin"
    for file, mode in ((open_pin, 0o644), (wrong_pin, 0o600)):
        file.write_text("not-the-pin\n")
        file.chmod(mode)
    for option, value, advice in (
            ("--module", "/nowhere/lib.so", "install the HSM vendor's PKCS#11 library"), ("--token", "nobody", "check that the token is plugged in"),
            ("--token", "no-pin", "set the user PIN"), ("--pin-source", f"file:{open_pin}", "chmod 0600"),
            ("--pin-source", "file:/nowhere", "create it"), ("--pin-source", "1234", "write file:/path"),
            ("--token", "pkcs11:token=%zz", "write it as RFC 7512 says"),
            ("--pin-source", f"file:{wrong_pin}", f"it took one attempt with the PIN of file:{wrong_pin} and none will follow")):
        answer = sign(bench, token=[word for pair in {**given, option: value}.items() for word in pair])
        refused(bench, answer, f"\n  do:    {advice}", "nothing was signed")
        assert "doctor" not in answer.err and answer.err.count("one attempt") == advice.count("one attempt"), answer.err
    missing = bench.run("hsm", "sign", *bench.token(), "--key", "k1", "--in", bench.folder / "nobody", "--out", bench.folder / "signature")
    refused(bench, missing, "No such file", "nobody", "nothing was signed")
    listed = bench.run("hsm", "list-slots", "--module", "/nowhere/lib.so")
    refused(bench, listed, "/nowhere/lib.so", "\n  do:    install the HSM vendor's", "nothing was listed")


def test_a_missing_key_is_named(bench):
    refused(bench, sign(bench, "nobody"), "no private key", "nobody", "nothing was signed")


def test_a_signature_that_cannot_be_written_is_not_made(bench):
    make_key(bench)
    (bench.folder / "message").write_bytes(b"x")
    answer = bench.run("hsm", "sign", *bench.token(), "--key", "k1", "--in", bench.folder / "message", "--out",
                       bench.folder / "nowhere/signature")
    assert answer.code == 1 and "nowhere/signature" in answer.err


def test_a_pin_comes_through_a_descriptor(bench):
    make_key(bench)
    reading, writing = os.pipe()
    os.write(writing, bench.pin().read_bytes())
    os.close(writing)
    answer = bench.run("hsm", "show", *bench.token()[:4], "--pin-source", f"fd:{reading}", "--key", "k1",
                       pass_fds=[reading])
    os.close(reading)
    assert answer.code == 0, answer.err


def test_a_typed_pin_is_never_shown(bench):
    """I18"""
    made = make_key(bench)
    pin = bench.pin().read_text().strip()
    words = [os.environ["CHANCERY"], "hsm", "show", *bench.token()[:4], "--pin-source", "prompt", "--key", made["uri"]]
    code, shown = typed(words, bench.environment, [pin])
    assert code == 0, shown
    assert "PIN of pkcs11:token=root" in shown and "BEGIN PUBLIC KEY" in shown
    assert pin not in shown
    code, shown = typed(words, bench.environment, ["wrong-pin"])
    assert code == 1 and "CKR_PIN_INCORRECT" in shown and "wrong-pin" not in shown


def prompted(bench):
    make_key(bench)
    words = [os.environ["CHANCERY"], "hsm", "show", *bench.token()[:4], "--pin-source", "prompt", "--key", "k1"]
    at_terminal = Prompted(words, bench.environment)
    assert not at_terminal.echoes()
    return at_terminal


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_has_its_echo_again_whatever_ends_the_question(bench, ending):
    at_terminal = prompted(bench)
    if ending == signal.SIGINT:
        at_terminal.type(b"some\x03")
    else:
        at_terminal.program.send_signal(ending)
    assert at_terminal.ended() == -ending and at_terminal.echoes()
    assert b"some" not in at_terminal.shown


def test_after_a_stop_the_pin_is_asked_for_again(bench):
    at_terminal = prompted(bench)
    at_terminal.type(b"\x1a")
    at_terminal.question()
    at_terminal.type(bench.pin().read_bytes().strip() + b"\n")
    assert at_terminal.ended() == 0 and at_terminal.echoes()
    assert at_terminal.shown.count(b"PIN of ") == 2 and b"BEGIN PUBLIC KEY" in at_terminal.shown


def test_without_a_terminal_no_pin_is_asked_for(bench):
    make_key(bench)
    answer = bench.run("hsm", "show", *bench.token()[:4], "--pin-source", "prompt", "--key", "k1", start_new_session=True)
    assert answer.code == 1 and "no terminal" in answer.err
