"""chancery ca: the offline root."""
import re
import sqlite3
import subprocess

import pytest

from ceremony_table import says
from conftest import MODULE

SUBJECT = "CN=Example Root,O=Example"


def init_root(bench, *more, out="root.pem", subject=SUBJECT):
    return bench.run("ca", "init-root", "--state", bench.folder / "state", *bench.token(), "--subject", subject,
                     "--out", bench.folder / out, *more)


def sign(bench, csr, *more, template="SubordinateCACertificate_PathLen1", out="sub.pem"):
    return bench.run("ca", "sign", "--state", bench.folder / "state", "--csr", csr, "--template", template,
                     "--out", bench.folder / out, *more)


def rows(bench, table):
    with sqlite3.connect(bench.folder / "state/ledger.db") as store:
        return store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def as_if_interrupted(bench, *statements):
    """The ledger as a crash left it more than five minutes ago: what came later undone, every claim swept."""
    with sqlite3.connect(bench.folder / "state/ledger.db") as store:
        for statement in ("DELETE FROM idempotency", *statements):
            store.execute(statement)
    store.close()


NOT_IMPORTED = ("UPDATE authorities SET status = 'PENDING_CERTIFICATE', certificate_der = x'', certificate_pem = '', "
                "not_before = NULL, not_after = NULL")
NO_KEY = ("UPDATE authorities SET status = 'CREATING', key_uri = '', spki_der = x'', csr_der = x'', "
          "certificate_der = x'', certificate_pem = '', not_before = NULL, not_after = NULL")
NOT_SIGNED = ("DROP TRIGGER signed_certificates_are_kept", "DELETE FROM signed_certificates",
              "UPDATE certificates SET state = 'P'", "UPDATE counters SET value = value + 1 WHERE name = 'P'",
              "UPDATE counters SET value = value - 1 WHERE name = 'I'")


def test_an_offline_root_signs_a_subordinate(bench):
    made = init_root(bench)
    assert made.code == 0, made.err
    root = bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-text")
    assert "CA:TRUE" in root and "ecdsa-with-SHA384" in root
    done = sign(bench, bench.csr("sub"), "--yes")
    assert done.code == 0, done.err
    assert "About to sign" in done.err and "CN=Example Subordinate" in done.err
    subordinate = bench.openssl("x509", "-in", bench.folder / "sub.pem", "-noout", "-text")
    assert "pathlen:1" in subordinate
    bench.openssl("verify", "-CAfile", bench.folder / "root.pem", bench.folder / "sub.pem")


@pytest.mark.parametrize("words, says", [([], "pathlen:2"), (["--path-length", "0"], "pathlen:0"), (["--path-length", "3"], "pathlen:3"),
                                         (["--path-length", "none"], "CA:TRUE\n")])
def test_a_root_has_the_path_length_that_was_asked_for(bench, words, says):
    made = init_root(bench, *words)
    assert made.code == 0, made.err
    text = bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-ext", "basicConstraints,keyUsage")
    assert says in text and "Certificate Sign, CRL Sign" in text, text
    assert re.search(rf"path length +{(words or ['', '2'])[1]}\n", made.out), made.out
    again = init_root(bench, *words, "--output", "json").json()
    assert again["path_length"] == (words or ["", "2"])[1]
    other = init_root(bench, "--path-length", "1", out="other.pem")
    assert other.code == 1 and "already has its root" in other.err and "path length" in other.err
    assert not (bench.folder / "other.pem").exists()


@pytest.mark.parametrize("wrong", ["4", "-1", "two", "1 "])
def test_a_path_length_that_no_template_has_is_refused(bench, wrong):
    refused = init_root(bench, f"--path-length={wrong}")
    assert refused.code == 1 and "is no path length" in refused.err and "0 to 3" in refused.err, refused.err
    assert not (bench.folder / "state").exists()


def test_nothing_is_signed_without_a_yes(bench):
    assert init_root(bench).code == 0
    answer = sign(bench, bench.csr("sub"))
    assert answer.code == 1
    assert "--yes" in answer.err
    assert not (bench.folder / "sub.pem").exists()


def test_a_validity_beyond_the_root_is_refused(bench):
    assert init_root(bench, "--validity", "100d").code == 0
    answer = sign(bench, bench.csr("sub"), "--yes", "--validity", "200d")
    assert answer.code == 1
    assert "validity" in answer.err
    assert not (bench.folder / "sub.pem").exists()


def test_a_request_that_is_no_csr_is_refused(bench):
    assert init_root(bench).code == 0
    broken = bench.folder / "broken.csr"
    broken.write_text("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
    answer = sign(bench, broken, "--yes")
    assert answer.code == 1
    assert "broken.csr" in answer.err and "CERTIFICATE REQUEST" in answer.err, answer.err


def test_a_second_root_in_one_folder_is_refused(bench):
    assert init_root(bench).code == 0
    for more in ({"subject": "CN=Another Root"}, {}):
        words = ["--key-algorithm", "RSA_3072"] if not more else []
        again = init_root(bench, *words, out="other.pem", **more)
        assert again.code == 1
        assert "already has its root" in again.err and "--state" in again.err
    assert not (bench.folder / "other.pem").exists()
    assert rows(bench, "authorities") == 1


@pytest.mark.parametrize("out", ["nowhere/root.pem", "hsm"])
def test_a_root_is_not_begun_when_its_certificate_cannot_be_written(bench, out):
    refused = init_root(bench, out=out)
    assert refused.code == 1
    assert str(bench.folder / out) in refused.err, refused.err
    assert not (bench.folder / "state").exists()
    keys = bench.pkcs11_objects("root")
    assert keys == "", keys
    assert init_root(bench).code == 0


def test_the_certificate_of_a_root_can_be_had_again(bench):
    """I19: also after the five minutes in which the ledger remembers the request."""
    assert init_root(bench).code == 0
    first = (bench.folder / "root.pem").read_bytes()
    as_if_interrupted(bench)
    (bench.folder / "root.pem").unlink()
    again = init_root(bench, out="again.pem")
    assert again.code == 0, again.err
    assert "nothing was signed" in again.err
    assert (bench.folder / "again.pem").read_bytes() == first
    assert rows(bench, "certificates") == rows(bench, "authorities") == 1


@pytest.mark.parametrize("state", [(NOT_IMPORTED,), (NOT_IMPORTED, *NOT_SIGNED)], ids=["signed", "intended"])
def test_an_interrupted_root_goes_on_with_its_certificate(bench, state):
    """I2, I19: one key, one serial, whatever the interruption and however long ago."""
    assert init_root(bench).code == 0
    serial = bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-serial")
    as_if_interrupted(bench, *state)
    again = init_root(bench)
    assert again.code == 0, again.err
    assert bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-serial") == serial
    assert rows(bench, "certificates") == 1
    assert sign(bench, bench.csr("sub"), "--yes").code == 0


def test_a_root_that_was_interrupted_while_its_key_was_made_finds_the_key(bench):
    assert init_root(bench).code == 0
    key = bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-pubkey")
    as_if_interrupted(bench, NO_KEY)
    assert init_root(bench).code == 0
    assert bench.openssl("x509", "-in", bench.folder / "root.pem", "-noout", "-pubkey") == key


def test_a_root_whose_key_the_token_refused_says_so(bench):
    assert init_root(bench).code == 0
    as_if_interrupted(bench, NO_KEY.replace("CREATING", "FAILED"))
    refused = init_root(bench)
    assert refused.code == 1
    assert "cannot make the key" in refused.err and "another --state" in refused.err


def test_a_request_is_signed_once_and_its_certificate_can_be_had_again(bench):
    """I12: the same request, template and validity give the same certificate, however late."""
    assert init_root(bench).code == 0
    csr = bench.csr("sub")
    assert sign(bench, csr, "--yes").code == 0
    first = (bench.folder / "sub.pem").read_bytes()
    as_if_interrupted(bench)
    again = sign(bench, csr, out="again.pem")  # no --yes: there is nothing to confirm
    assert again.code == 0, again.err
    assert "nothing is signed" in again.err
    assert (bench.folder / "again.pem").read_bytes() == first
    assert rows(bench, "certificates") == 2

    other = sign(bench, csr, "--yes", "--validity", "365d")
    assert other.code == 0 and (bench.folder / "sub.pem").read_bytes() != first
    renewed = sign(bench, csr, "--yes", "--renew")
    assert renewed.code == 0, renewed.err
    newest = (bench.folder / "sub.pem").read_bytes()
    assert newest != first and rows(bench, "certificates") == 4
    assert sign(bench, csr, out="again.pem").code == 0
    assert (bench.folder / "again.pem").read_bytes() == newest


def test_a_renewal_is_another_certificate_at_once_and_each_time(bench):
    """Within the five minutes in which the ledger remembers the request as well."""
    assert init_root(bench).code == 0
    csr = bench.csr("sub")
    made = []
    for more in ([], ["--renew"], ["--renew"]):
        assert sign(bench, csr, "--yes", *more).code == 0
        made.append((bench.folder / "sub.pem").read_bytes())
    assert len(set(made)) == 3 and rows(bench, "certificates") == 4
    assert sign(bench, csr, out="again.pem").code == 0  # the newest
    assert (bench.folder / "again.pem").read_bytes() == made[-1]


@pytest.mark.parametrize("template", ["EndEntityCertificate", "SubordinateCACertificate_PathLen0_CSRPassthrough",
                                      "BlankSubordinateCACertificate_PathLen0_APIPassthrough", "RootCACertificate",
                                      "SubordinateCACertificate_PathLen4", "SubordinateCACertificate_PathLen"])
def test_an_offline_root_signs_authorities_only(bench, template):
    """[I11] And no extension of the request's own choice."""
    assert init_root(bench).code == 0
    refused = sign(bench, bench.csr("sub"), "--yes", template=template)
    assert refused.code == 1 and "authorities only" in refused.err
    assert rows(bench, "certificates") == 1


def test_nothing_is_signed_when_the_certificate_cannot_be_written(bench):
    assert init_root(bench).code == 0
    refused = sign(bench, bench.csr("sub"), "--yes", out="nowhere/sub.pem")
    assert refused.code == 1
    assert "nowhere/sub.pem" in refused.err
    assert rows(bench, "certificates") == 1


def test_sign_without_a_root_says_what_to_do(bench):
    answer = sign(bench, bench.csr("sub"), "--yes")
    assert answer.code == 1
    assert "init-root" in answer.err


def test_the_folder_remembers_the_token_but_no_pin(bench):
    assert init_root(bench).code == 0
    pin = bench.pin().read_text().strip()
    for file in (bench.folder / "state").iterdir():
        assert pin.encode() not in file.read_bytes(), file


def replaced_key(bench, *words):
    """The root's key taken out of its token, and another in its place."""
    def tool(*more):
        return subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", "root", "--login", "--pin",
                               bench.pin().read_text().strip(), *more], env=bench.environment, check=True, capture_output=True,
                              text=True).stdout
    label, key_id = (next(line.split()[-1] for line in tool("--list-objects").splitlines() if line.strip().startswith(name))
                     for name in ("label:", "ID:"))
    tool("--delete-object", "--type", "privkey", "--id", key_id)
    if words:
        tool("--keypairgen", "--label", label, "--id", key_id, *words)


@pytest.mark.parametrize("words, told", [
    (["--module", "/nowhere/lib.so"], ["/nowhere/lib.so"]), (["--module", "/proc/self/exe"], ["cannot dynamically load", "install the HSM vendor's"]),
    (["--token", "nobody"], ["nobody"]), (["--pin-source", "file:/nowhere/pin"], ["/nowhere/pin"]),
    (["--pin-source", "1234"], ["--pin-source", "file:"]), (["--token", "pkcs11:object=x"], ["names no token"]),
    (["--subject", "nonsense"], ["--subject", "CN="]), (["--subject", "CN=x,C=USA"], ["--subject", "longer than 2"]), (["--validity", "5y"], ["5y", "365d"]),
    (["--key-algorithm", "DSA"], ["DSA", "EC_secp384r1"]), (["--signing-algorithm", "SHA256WITHRSA"], ["SHA256WITHRSA"]),
    (["--path-length", "9"], ["'9'", "none"]),
])
def test_a_root_that_cannot_be_made_says_what_is_wrong_and_what_to_do(bench, words, told):
    given = {"--state": bench.folder / "state", "--subject": SUBJECT, "--out": bench.folder / "root.pem"}
    given.update(dict(zip(*[iter(bench.token())] * 2)))
    given.update(dict(zip(*[iter(words)] * 2)))
    says(bench.run("ca", "init-root", *[word for pair in given.items() for word in pair]), *told)
    assert not (bench.folder / "root.pem").exists() and bench.pkcs11_objects("root") == ""


def test_a_wrong_pin_of_a_root_is_tried_once_and_told(bench):
    bench.pin().write_text("not-the-pin\n")
    says(init_root(bench), "CKR_PIN_INCORRECT", "one attempt", "find the PIN")


def test_what_a_root_cannot_sign_is_told(bench):
    assert init_root(bench, "--validity", "100d").code == 0
    csr = bench.csr("sub")
    bench.openssl("req", "-in", csr, "-outform", "DER", "-out", bench.folder / "der.csr")
    bench.openssl("req", "-new", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=weak", "-keyout", bench.folder / "weak.key", "-out",
                  bench.folder / "weak.csr")
    days = ["--validity", "50d"]
    for request, more, told in (
            (bench.folder / "nobody.csr", days, ["No such file", "nobody.csr"]), (bench.folder / "root.pem", days, ["root.pem", "CSR"]),
            (bench.folder / "der.csr", days, ["der.csr", "CERTIFICATE REQUEST"]), (bench.folder / "weak.csr", days, ["RSA with 1024 bits", "make another request"]),
            (csr, ["--validity", "5000d"], ["--validity 5000d", "ends with the root"]), (csr, ["--validity", "soon"], ["soon"]),
            (csr, [*days, "--token", "issuing", "--pin-source", f"file:{bench.pin('issuing')}"], ["is on another token than this one"]),
            (csr, [*days, "--pin-source", "file:/nowhere/pin"], ["/nowhere/pin"])):
        says(sign(bench, request, "--yes", *more), *told, "nothing was signed")
    says(sign(bench, csr, "--yes", *days, template="SubordinateCACertificate_PathLen2"), "which is 2", "nothing was signed")
    assert not (bench.folder / "sub.pem").exists() and rows(bench, "certificates") == 1


@pytest.mark.parametrize("words, told", [
    ([], ["has no private key"]), (["--key-type", "RSA:2048"], ["not the one"]),
    (["--key-type", "EC:secp384r1"], ["not the one"]), (["--key-type", "EC:secp384r1", "--extractable"], ["CKA_EXTRACTABLE"]),
])
def test_another_key_in_the_place_of_the_roots_signs_nothing(bench, words, told):
    """I14"""
    assert init_root(bench).code == 0
    replaced_key(bench, *words)
    says(sign(bench, bench.csr("sub"), "--yes"), *told, "nothing was signed", "the root's own token")
    assert rows(bench, "certificates") == 1


@pytest.mark.parametrize("change, told", [
    ("UPDATE authorities SET not_after = 1000000000", ["has expired at 2001-09-09", "make a new one"]),
    ("UPDATE authorities SET status = 'DISABLED'", ["is disabled", "hsm prove"]),
    (NOT_IMPORTED, ["is not finished", "init-root"]), (NO_KEY.replace("CREATING", "FAILED"), ["could not make the key", "another folder"]),
])
def test_a_root_that_signs_no_more_says_why(bench, change, told):
    assert init_root(bench).code == 0
    as_if_interrupted(bench, change)
    says(sign(bench, bench.csr("sub"), "--yes"), *told, "nothing was signed")
    assert rows(bench, "certificates") == 1
