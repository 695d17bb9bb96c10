"""scripts/ceremony: the whole rehearsal, and rotation."""
import re
import subprocess

import pytest

from ceremony_table import ALL, Table, now
from conftest import SOURCE


@pytest.fixture
def table(bench):
    return Table(bench)


def test_the_rehearsal_runs_from_the_sample_script(bench):
    done = bench.finished([SOURCE / "scripts/ceremony/rehearse", SOURCE / "config/samples/ceremony-root.yaml",
                           bench.folder / "rehearsal"])
    assert done.code == 0, done.out + done.err
    assert done.out.count("this is the ceremony's transcript") == 2
    again = bench.finished([SOURCE / "scripts/ceremony/rehearse", SOURCE / "config/samples/ceremony-root.yaml",
                            bench.folder / "rehearsal"])
    assert again.code == 1 and "has a rehearsal already" in again.err


def test_a_new_root_is_certified_by_the_old_one_and_certifies_it(table):
    table.held()
    new = Table(table.bench, "example-root-g2")
    new.script.write_text(new.script.read_text().replace("Example Root G1", "Example Root G2")
                          .replace("in/other-root", f"{table.out()}/root"))
    old_out = table.folder / "later"
    script = table.script.read_text().replace("output: out", "output: later").replace("in/other-root", f"{new.out()}/root")
    later = table.folder / "rotation.yaml"
    later.write_text(script)
    done = table.tool("rotate", new.script, later, now(), ALL, f"{table.share(1)},{table.share(2)}",
                      new.folder / "shares-rehearsal", table.folder / "rotated", "--rehearse")
    assert done.code == 0, done.out + done.err
    rotated = table.folder / "rotated"
    subject = table.bench.openssl("x509", "-in", rotated / "new-by-old.pem", "-noout", "-subject", "-issuer")
    assert "Root G2" in subject.splitlines()[0] and "Root G1" in subject.splitlines()[1]
    # A subordinate of the new root verifies for those who know the old one only.
    new.subordinate()
    assert new.run("sign-subordinate", *new.shares(1, 2)).code == 0
    subprocess.run(["openssl", "verify", "-CAfile", table.out() / "root.pem", "-untrusted", rotated / "new-by-old.pem",
                    new.out("sign-subordinate") / "certificate.pem"], check=True, capture_output=True)
    assert (rotated / "bundle.pem").read_text().count("BEGIN CERTIFICATE") == 2
    assert not old_out.exists()


def test_a_certificate_that_is_no_root_of_the_csr_is_not_cross_signed(table):
    table.held()
    table.subordinate()
    (table.folder / "in/other-root.csr").write_bytes((table.folder / "in/subordinate.csr").read_bytes())
    (table.folder / "in/other-root.pem").write_bytes((table.out() / "root.pem").read_bytes())
    answer = table.run("cross-sign", *table.shares())
    assert answer.code == 1 and "does not fit its CSR" in answer.err and "nothing was signed" in answer.err


def revoke(table, output, *more):
    text = table.script.read_text()
    table.script.write_text(text.replace("output: out ", f"output: {output} "))
    done = table.run("revoke-subordinate", *table.shares(), *more)
    table.script.write_text(text)
    return done, table.folder / f"{output}-rehearsal/revoke-subordinate/root.crl"


def test_a_revoked_subordinate_stands_on_every_later_list_of_the_root(table):
    """I7, I8: OpenSSL refuses it by the list; numbers grow."""
    table.held()
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    certificate = table.out("sign-subordinate") / "certificate.pem"
    (table.folder / "in/revoked.pem").write_bytes(certificate.read_bytes())
    serial = table.bench.openssl("x509", "-in", certificate, "-noout", "-serial").strip().split("=")[1]
    numbers = []
    for output in ("out", "later"):
        done, crl = revoke(table, output)
        assert done.code == 0, done.out + done.err
        text = table.bench.openssl("crl", "-inform", "DER", "-in", crl, "-CAfile", table.out() / "root.pem", "-noout", "-text")
        assert serial in text and "Cessation Of Operation" in text
        numbers.append(int(re.search(r"X509v3 CRL Number: \n *(\d+)\n", text)[1]))
    assert numbers[0] < numbers[1]
    table.bench.openssl("crl", "-inform", "DER", "-in", crl, "-out", table.folder / "crl.pem")
    refused = subprocess.run(["openssl", "verify", "-crl_check", "-CAfile", table.out() / "root.pem", "-CRLfile",
                              table.folder / "crl.pem", certificate], capture_output=True, text=True)
    assert refused.returncode != 0 and "certificate revoked" in refused.stderr + refused.stdout


def test_a_certificate_of_another_root_is_not_revoked(table):
    table.held()
    other = Table(table.bench, "another-root")
    other.held()
    other.subordinate()
    assert other.run("sign-subordinate", *other.shares()).code == 0
    (table.folder / "in/revoked.pem").write_bytes((other.out("sign-subordinate") / "certificate.pem").read_bytes())
    done, crl = revoke(table, "out")
    assert done.code == 1 and "has not signed the certificate" in done.err and "nothing was revoked" in done.err
    assert not crl.exists()
